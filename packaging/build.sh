#!/usr/bin/env bash
# build.sh [--arch amd64|arm64] [--revision N] FOLDER: makes Qkms's packages in FOLDER:
#   qkms_VERSION-N_ARCH.deb, qkms-VERSION-linux-ARCH.tar.gz, qkms-VERSION-linux-ARCH.cdx.json
# The .NET runtime is in them, so a machine needs none. It takes the .NET SDK, Node.js, dpkg-deb, and a package feed; no root rights. All
# files but Qkms.Api.dll and its symbols have the same bytes in a second build. SOURCE_DATE_EPOCH is the commit's time unless it is set.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)

arch=amd64
revision=1
while [ $# -gt 1 ]; do
  case $1 in
    --arch) arch=$2 ;;
    --revision) revision=$2 ;;
    *) break ;;
  esac
  shift 2
done
case $arch in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) rid= ;; esac
if [ $# -ne 1 ] || [ -z "$rid" ] || [[ ! $revision =~ ^[0-9]+$ ]]; then
  echo 'usage: build.sh [--arch amd64|arm64] [--revision N] FOLDER' >&2
  exit 2
fi

mkdir -p "$1"
out=$(cd "$1" && pwd)
version=$(sed -nE 's|.*<Version>(.*)</Version>.*|\1|p' "$top/Directory.Build.props")
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export LC_ALL=C
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# publish: the program into $work/qkms, in a build folder of its own, always the same: its name ends up in what the compiler makes.
publish() {
  cd "$top"
  rm -rf packaging/obj
  dotnet publish Qkms.Api -c Release -r "$rid" --self-contained true --artifacts-path "$top/packaging/obj" -o "$work/qkms" -v quiet \
    "-p:PathMap=$top=/qkms%2c$top/packaging/obj=/build" -p:IncludeSourceRevisionInInformationalVersion=false \
    -p:EnableSourceLink=false -p:EmbedUntrackedSources=false -p:EnableSourceControlManagerQueries=false
  # Descriptions for compilers, a dump tool that hardening switches off, a tracer that needs a library of its own, and an empty list.
  rm -f "$work"/qkms/{*.xml,createdump,libcoreclrtraceptprovider.so,Qkms.Api.staticwebassets.endpoints.json}
  find "$work/qkms" -type d -exec chmod 0755 {} + -o -type f -exec chmod 0644 {} +
  chmod 0755 "$work/qkms/Qkms.Api"
}

list_contents() {
  cd "$top"
  dotnet tool restore >"$work/tools.log" 2>&1 || { cat "$work/tools.log" >&2; return 1; }
  dotnet tool run dotnet-CycloneDX -- Qkms.Api/Qkms.Api.csproj -o "$work" -fn qkms.cdx.json -F Json -ns -dpr -biop "$top/packaging/obj" \
    -tfm net10.0 -rt "$rid" -sn qkms -sv "$version" >"$work/tools.log" 2>&1 || { cat "$work/tools.log" >&2; return 1; }
  notices=$(node packaging/sbom.mjs "$work/qkms.cdx.json" "$top/packaging/obj/obj/Qkms.Api/project.assets.json" "$work/qkms" "$SOURCE_DATE_EPOCH")
  cp "$notices/THIRD-PARTY-NOTICES.TXT" "$work/THIRD-PARTY-NOTICES.txt"
  chmod 0644 "$work"/{qkms.cdx.json,THIRD-PARTY-NOTICES.txt}
}

make_tarball() {
  local name=qkms-$version-linux-$arch
  cp "$work/qkms.cdx.json" "$out/$name.cdx.json"
  mkdir "$work/$name"
  cp -r "$work/qkms/." "$work/qkms.cdx.json" "$work/THIRD-PARTY-NOTICES.txt" "$top/LICENSE" "$work/$name/"
  chmod 0644 "$work/$name/LICENSE"
  tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -c "$name" | gzip -n >"$work/tarball"
  mv "$work/tarball" "$out/$name.tar.gz"
}

make_deb() {
  local root=$work/deb from=$top/packaging doc=$work/deb/usr/share/doc/qkms
  install -d "$root"/{DEBIAN,etc/qkms,usr/bin,usr/lib,lib/systemd/system,usr/share/man/man1,usr/share/bash-completion/completions}
  install -d "$doc" "$root/usr/share/lintian/overrides"
  cp -r "$work/qkms" "$root/usr/lib/qkms"
  install -m 0755 "$from/qkms" "$root/usr/bin/qkms"
  install -m 0644 "$from/qkms.env" "$root/etc/qkms/qkms.env"
  # Debian 12 keeps units in /lib; dpkg must find them where the files of other packages stand.
  install -m 0644 "$from/qkms.service" "$root/lib/systemd/system/qkms.service"
  install -m 0644 "$from/qkms.completion" "$root/usr/share/bash-completion/completions/qkms"
  gzip -9n <"$from/qkms.1" >"$root/usr/share/man/man1/qkms.1.gz"
  install -m 0644 "$work/qkms.cdx.json" "$doc/qkms.cdx.json"
  gzip -9n <"$work/THIRD-PARTY-NOTICES.txt" >"$doc/THIRD-PARTY-NOTICES.txt.gz"
  install -m 0644 "$from/deb/copyright" "$doc/copyright"
  install -m 0644 "$from/deb/lintian-overrides" "$root/usr/share/lintian/overrides/qkms"
  gzip -9n >"$doc/changelog.Debian.gz" <<LOG
qkms ($version-$revision) unstable; urgency=medium

  * Release $version. CHANGELOG.md of the source says what changed.

 -- The Qkms authors <qkms@localhost>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
LOG

  install -m 0755 "$from"/deb/{postinst,prerm,postrm} "$root/DEBIAN/"
  echo /etc/qkms/qkms.env >"$root/DEBIAN/conffiles"
  cat >"$root/DEBIAN/control" <<CONTROL
Package: qkms
Version: $version-$revision
Architecture: $arch
Maintainer: The Qkms authors <qkms@localhost>
Installed-Size: $(du -k -s --apparent-size "$root" | cut -f1)
Depends: adduser, libc6 (>= 2.34), libgcc-s1, libssl3 | libssl3t64, libstdc++6
Recommends: ca-certificates
Section: admin
Priority: optional
Description: self-hosted key management service
 Qkms generates, rotates, retires, revokes and destroys versioned keys over a
 REST API: ML-KEM, ML-DSA, RSA, ECDSA, Ed25519, AES-256 and HMAC. Callers use
 the keys through the same API; private keys never leave the service.
 .
 The package has the .NET runtime in it. It makes a root key at its first
 installation, and keeps it and the data when it is removed or purged.
CONTROL
  (cd "$root" && find etc lib usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2 >DEBIAN/md5sums)
  chmod 0644 "$root"/DEBIAN/{conffiles,control,md5sums} "$root"/usr/share/man/man1/qkms.1.gz "$doc"/*
  # One thread: how many there are would show in the bytes.
  dpkg-deb --root-owner-group -Zxz -z4 --threads-max=1 --build "$root" "$work/qkms.deb" >/dev/null
  mv "$work/qkms.deb" "$out/qkms_$version-${revision}_$arch.deb"
}

publish
list_contents
make_tarball
make_deb
ls -l "$out"
