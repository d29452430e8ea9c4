#!/usr/bin/env bash
# A .NET that runs on OpenSSL 3.5, where the machine's own is older: the platform engine needs it. Nothing is installed. The libraries
# come from Debian 13 (trixie), signature checked, and are unpacked once into a cache: delete that folder to take newer ones.
#
#   .ci/openssl.sh FOLDER   makes FOLDER with a dotnet in it, and prints the version of OpenSSL that this dotnet uses
#
# Put FOLDER first in PATH, so that the processes that the tests start use it as well. "dotnet test" is not enough there: it starts the
# tests with the dotnet that lies beside the SDK, behind the links. Use "dotnet exec FOLDER/sdk/…/vstest.console.dll".
# When the packages cannot be fetched, the last line says so, and the status is 3.
set -euo pipefail

readonly folder=${1:?a folder}
readonly packages=(libssl3t64 libc6 libgcc-s1 libstdc++6 libzstd1 zlib1g patchelf)
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/qkms-ci/openssl-trixie-$(uname -m)
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# What goes over the network gets a second chance.
twice() { "$@" || { sleep 5 && "$@"; }; }

absent() { echo "$1: the platform engine is not tested here"; exit 3; }

is_new() { [[ $1 =~ ^OpenSSL\ (3\.([5-9]|[1-9][0-9])|[4-9])\. ]]; }

# The machine's sources of Debian, one "URI suite" a line, with trixie in place of the machine's release.
trixie_sources() {
  local codename
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  apt-get update --print-uris |
    sed -nE "s#^'(.*/debian(-security)?)/dists/$codename((-updates|-security)?)/main/binary-.*#\1 trixie\3#p" | sort -u
}

# Lists and packages go to $1; the machine's state is neither read nor changed.
fetch_packages() {
  local options=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$1/sources" -o Dir::State="$1/state" -o Dir::State::status=/dev/null
    -o Dir::Cache="$1/cache" -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any -o Acquire::Retries=0 -o Acquire::http::Timeout=20)
  mkdir -p "$1/sources" "$1/state/lists/partial" "$1/cache/archives/partial" "$1/packages" &&
    trixie_sources | while read -r uri suite; do
      printf '%s\n' 'Types: deb' "URIs: $uri" "Suites: $suite" 'Components: main' 'Targets: Packages' "Signed-By: $keyring" ''
    done >"$1/sources/trixie.sources" &&
    apt-get "${options[@]}" update &&
    ( cd "$1/packages" && apt-get "${options[@]}" download "${packages[@]}" )
}

unpack() {
  local work package
  command -v apt-get dpkg-deb >/dev/null || absent 'OpenSSL is older than 3.5, and this is not a Debian'
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d "$cache.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  twice fetch_packages "$work" || absent "OpenSSL is older than 3.5, and the packages of Debian 13 cannot be fetched"
  mkdir "$work/root"
  for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$work/root"; done
  rm -rf "$cache"
  mv "$work/root" "$cache"
}

# The libraries are named in the copied dotnet alone, not by LD_LIBRARY_PATH: the machine's programs that it starts keep the machine's.
patch_dotnet() {
  local libraries loader
  libraries=$(echo "$cache"/usr/lib/*-linux-gnu)
  loader=$(echo "$libraries"/ld-linux-*.so.*)
  "$loader" --library-path "$libraries" "$cache/usr/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$folder/dotnet"
  grep -aoEm 1 'OpenSSL 3\.[0-9]+\.[0-9]+' "$libraries/libcrypto.so.3"
}

version=$(openssl version 2>/dev/null | grep -oE '^OpenSSL [0-9.]+' || true)
is_new "$version" || [ -d "$cache" ] || unpack

root=$(dirname "$(readlink -f "$(command -v dotnet)")")
mkdir "$folder"
ln -s "$root"/* "$folder"
rm "$folder/dotnet"
cp "$root/dotnet" "$folder"
is_new "$version" || version=$(patch_dotnet)
echo "$version"
