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

# shellcheck source=.ci/trixie.sh
. "$(dirname "$0")/trixie.sh"

absent() { echo "$1: the platform engine is not tested here"; exit 3; }

is_new() { [[ $1 =~ ^OpenSSL\ (3\.([5-9]|[1-9][0-9])|[4-9])\. ]]; }

unpack() {
  local work package
  command -v apt-get dpkg-deb >/dev/null || absent 'OpenSSL is older than 3.5, and this is not a Debian'
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d "$cache.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  twice fetch_packages "$work" "${packages[@]}" || absent "OpenSSL is older than 3.5, and the packages of Debian 13 cannot be fetched"
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
