#!/usr/bin/env bash
# cosign of Debian 13 (trixie), signature and SHA-256 checked, not installed: it needs nothing but a C library, which that of Debian 12
# is good for. It is unpacked once into a cache.
#
#   .ci/cosign.sh FOLDER   makes FOLDER with the program in it, and prints its version
#
# When the package cannot be fetched, the last line says so, and the status is 3. One that is not the pinned one is a failure.
set -euo pipefail

readonly folder=${1:?a folder}
# The version is that of the source; Debian counts rebuilds after the plus sign.
declare -rA pinned=(
  [amd64]='2.5.0-2+b5 3b6eadd27f3c4c00bfa7eab5c2397a6a15a763630c7a1d40d06ff60d24799eef'
  [arm64]='2.5.0-2+b5 158915eb65c7e024f596958972d76e7feef25355ffaa0dd57d27afb969103028'
)

# shellcheck source=.ci/trixie.sh
. "$(dirname "$0")/trixie.sh"

absent() { echo "cosign cannot be had here: $1"; exit 3; }

command -v apt-get dpkg-deb >/dev/null || absent 'this is not a Debian'
architecture=$(dpkg --print-architecture)
[ -n "${pinned[$architecture]:-}" ] || absent "no package is pinned for $architecture"
read -r version hash <<<"${pinned[$architecture]}"
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/qkms-ci/cosign-$version-$architecture

unpack() {
  local work package
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d "$cache.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  twice fetch_packages "$work" "cosign=$version" >&2 || absent "version $version cannot be fetched from Debian 13"
  package=$(echo "$work"/packages/cosign_*.deb)
  echo "$hash  $package" | sha256sum --check --quiet >&2 || { echo "$package is not the pinned package"; exit 1; }
  dpkg-deb -x "$package" "$work/root"
  rm -rf "$cache"
  mv "$work/root" "$cache"
}

[ -x "$cache/usr/bin/cosign" ] || unpack
mkdir -p "$folder"
ln -sf "$cache/usr/bin/cosign" "$folder/cosign"
"$folder/cosign" version >/dev/null
echo "cosign $version"
