#!/usr/bin/env bash
# packages.sh FOLDER: builds the packages, and installs, uses, upgrades, removes and purges the .deb in a Debian 12 of its own below FOLDER.
# It takes root rights, debootstrap and lintian. No systemd runs there: the service is started as the unit says by start_unit. What that does
# not show is notification, the sandbox, and the start by the package's scripts; systemd-analyze reads the unit.
# Prints what it found; the last line is the summary.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
root=$work/debian
service=
port=
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

finish() {
  local status=$?
  [ -z "$service" ] || kill -KILL "$service" 2>/dev/null || true
  rm -rf --one-file-system "$root"
  exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM INT

fail() { echo "packages: $*" >&2; exit 1; }

# In the Debian below. Its mounts are those of one command, and end with it.
enter=(unshare --mount --propagation private bash -c '
  mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount -t tmpfs -o mode=0755 tmpfs "$0/run" && exec chroot "$0" "$@"' "$root")
inside() { "${enter[@]}" "$@"; }

# Nothing but ARM in what is for ARM.
build_packages() {
  SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct)
  export SOURCE_DATE_EPOCH
  "$top/packaging/build.sh" "$work/one"
  "$top/packaging/build.sh" --arch arm64 "$work/arm64"
  dpkg-deb -x "$work"/arm64/*.deb "$work/arm"
  find "$work/arm" -type f | while read -r file; do
    header=$(od -An -tx1 -N 20 "$file" | tr -d ' \n')   # ELF: e_machine is at 18, and 183 for AArch64
    case $header in 7f454c46*) if [ "${header:36}" = b700 ]; then echo arm64; else echo "$file"; fi ;; esac
  done | sort -u >"$work/machines"
  [ "$(cat "$work/machines")" = arm64 ] || { cat "$work/machines"; fail 'the package for ARM has programs for another machine'; }
  deb=$(echo "$work"/one/*.deb)
}

check_package() {
  lintian --fail-on error --suppress-tags bad-distribution-in-changes-file "$deb" | tee "$work/lintian" || fail 'lintian has errors'
  bash -n "$top/packaging/qkms.completion"
  dpkg-deb -c "$deb" >"$work/contents"
  for library in System.Private.CoreLib.dll libe_sqlite3.so Qkms.Api; do
    grep -q "/usr/lib/qkms/$library" "$work/contents" || fail "without $library"
  done
  # The next release, as far as dpkg is concerned.
  dpkg-deb -R "$deb" "$work/next"
  sed -i 's/^Version: .*/&.1/' "$work/next/DEBIAN/control"
  echo next >"$work/next/usr/lib/qkms/next"
  next=$work/next.deb
  dpkg-deb --root-owner-group -Zgzip -z1 -b "$work/next" "$next" >/dev/null
  rm -r "$work/next"
}

make_debian() {
  debootstrap --variant=minbase --include=adduser,ca-certificates,curl,init-system-helpers,libssl3,libstdc++6,man-db,systemd bookworm "$root" \
    >"$work/debootstrap.log" || { tail -n 20 "$work/debootstrap.log"; fail 'no Debian could be made'; }
  # Nothing is to start a service in there, whatever the machine has.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
}

install_deb() {
  cp "$1" "$root/tmp/qkms.deb"
  inside dpkg --install /tmp/qkms.deb </dev/null
}

# setting NAME: its values in the unit, one a line.
setting() { sed -nE "s/^$1=(.*)/\1/p" "$root/lib/systemd/system/qkms.service"; }

# What systemd would do: user, environment, credential, folder, umask, no rights to gain, nothing to write but the data.
start_unit() {
  local user credential line _
  user=$(setting User)
  credential=$(setting LoadCredential)
  {
    echo 'set -eu'
    echo 'mkdir -m 0755 /run/credentials'
    echo "install -m 0400 -o $user '${credential#*:}' /run/credentials/${credential%%:*}"
    echo "install -d -m $(setting StateDirectoryMode) -o $user -g $(setting Group) /var/lib/$(setting StateDirectory)"
    echo "mount --bind /var/lib/$(setting StateDirectory) /var/lib/$(setting StateDirectory)"
    echo 'mount -o remount,bind,ro / && mount -t tmpfs tmpfs /tmp'
    echo "umask $(setting UMask)"
    setting Environment | while read -r line; do echo "export '$line'"; done
    grep -v '^#' "$root$(setting EnvironmentFile | tr -d -)" | while read -r line; do [ -z "$line" ] || echo "export '$line'"; done
    echo 'export CREDENTIALS_DIRECTORY=/run/credentials'
    echo "exec setpriv --reuid=$user --regid=$(setting Group) --clear-groups --no-new-privs --bounding-set=-all $(setting ExecStart)"
  } >"$root/tmp/start"
  "${enter[@]}" sh /tmp/start >"$work/service.log" 2>&1 &
  service=$!
  for _ in $(seq 300); do
    if curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null; then return 0; fi
    kill -0 "$service" 2>/dev/null || break
    sleep 0.2
  done
  cat "$work/service.log"
  fail 'the service did not start'
}

stop_unit() {
  kill -TERM "$service"
  wait "$service" || fail "the service ended with $?"
  service=
}

post() {
  curl -sSf -H "@$work/header" -H 'Content-Type: application/json' -d "$2" "http://127.0.0.1:$port$1"
}

field() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }

# What was encrypted at the beginning still opens: the root key and the data are the same.
opens() {
  start_unit
  [ "$(post /crypto/decrypt "{\"ciphertext\":\"$sealed\"}" | field plaintext)" = aGVsbG8= ] || fail "$1: a ciphertext does not open"
  stop_unit
  [ "$(sha256sum <"$root/etc/qkms/root.key")" = "$root_key" ] || fail "$1: another root key"
}

is() { [ "$(inside stat -c '%a %U:%G' "$1")" = "$2" ] || fail "$1 is $(inside stat -c '%a %U:%G' "$1"), not $2"; }

absent() { [ ! -e "$root$1" ] && [ ! -L "$root$1" ] || fail "$1 is there after $2"; }

use_package() {
  port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
  install_deb "$deb"
  is /etc/qkms/root.key '640 root:qkms'
  is /etc/qkms/qkms.env '640 root:qkms'
  is /etc/qkms '750 root:qkms'
  is /var/lib/qkms '700 qkms:qkms'
  root_key=$(sha256sum <"$root/etc/qkms/root.key")
  inside systemctl is-enabled qkms || fail 'the unit is not enabled'
  inside man -w qkms >/dev/null || fail 'no manual page'
  inside systemd-analyze verify /lib/systemd/system/qkms.service 2>&1 | tee "$work/verify"
  [ ! -s "$work/verify" ] || fail 'systemd-analyze verify has words for the unit'
  exposure=$(inside systemd-analyze security --offline=yes qkms.service 2>&1 | sed -nE 's/.*exposure level for qkms.service: ([0-9.]+).*/\1/p')
  [ -n "$exposure" ] || fail 'systemd-analyze security says nothing'

  echo "ASPNETCORE_URLS=http://127.0.0.1:$port" >>"$root/etc/qkms/qkms.env"
  start_unit
  printf 'x-api-key: %s\n' "$(cat "$root/var/lib/qkms/initial-api-key")" >"$work/header"
  post /kms/keys/generate '{"algorithm":"AES-256","name":"packages"}' >/dev/null
  sealed=$(post /crypto/encrypt '{"name":"packages","plaintext":"aGVsbG8="}' | field ciphertext)

  # The command, as root beside the running service: it works as the service's user.
  inside qkms --version | grep -q '^Qkms 0' || fail 'qkms --version'
  inside qkms verify | grep 'Everything holds' || fail 'qkms verify'
  inside qkms backup /var/backups/qkms/one.qkms
  is /var/backups/qkms/one.qkms '600 qkms:qkms'
  inside qkms restore --drill /var/backups/qkms/one.qkms | tail -n 1
  [ -z "$(inside find /var/lib/qkms ! -user qkms)" ] || fail 'the command left files of another user in the data'
  if inside setpriv --reuid=nobody --clear-groups qkms verify; then fail 'anybody may run qkms verify'; fi
  stop_unit
  grep -q 'Qkms runs on' "$work/service.log"
  ! grep -q 'root key .* is in the data directory' "$work/service.log" || fail 'the root key is beside the data'

  install_deb "$next"
  [ -e "$root/usr/lib/qkms/next" ] || fail 'the upgrade did not come'
  grep -q "^ASPNETCORE_URLS=http://127.0.0.1:$port" "$root/etc/qkms/qkms.env" || fail 'the upgrade lost a setting'
  is /etc/qkms/qkms.env '640 root:qkms'
  opens upgrade

  inside dpkg --remove qkms
  absent /usr/lib/qkms/Qkms.Api remove
  [ -e "$root/var/lib/qkms/qkms.db" ] || fail 'remove took the data'
  install_deb "$deb"
  opens 'installation after remove'

  inside dpkg --purge qkms
  absent /etc/qkms/qkms.env purge
  install_deb "$deb"
  echo "ASPNETCORE_URLS=http://127.0.0.1:$port" >>"$root/etc/qkms/qkms.env"
  opens 'installation after purge'

  # Data without its root key gets no other one.
  inside dpkg --purge qkms
  mv "$root/etc/qkms/root.key" "$work/root.key"
  install_deb "$deb" 2>&1 | tee "$work/without-key"
  grep -q 'Put its root key into' "$work/without-key" || fail 'nothing was said of the missing root key'
  absent /etc/qkms/root.key 'an installation beside data without its root key'
  mv "$work/root.key" "$root/etc/qkms/root.key"

  touch "$root/etc/qkms/purge-data"
  inside dpkg --purge qkms
  absent /var/lib/qkms 'a purge with purge-data'
  absent /etc/qkms 'a purge with purge-data'
}

build_packages
check_package
make_debian
use_package
echo "packages: $(du -k "$deb" | cut -f1) KB, $(grep -c . "$work/lintian" || true) words of lintian, exposure $exposure"
