# Packages of Debian 13 (trixie) on a Debian of another release: fetched with their signatures checked, not installed. To be sourced.

readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# What goes over the network gets a second chance.
twice() { "$@" || { sleep 5 && "$@"; }; }

# The machine's sources of Debian, one "URI suite" a line, with trixie in place of the machine's release.
trixie_sources() {
  local codename
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  apt-get update --print-uris |
    sed -nE "s#^'(.*/debian(-security)?)/dists/$codename((-updates|-security)?)/main/binary-.*#\1 trixie\3#p" | sort -u
}

# fetch_packages INTO NAME…: lists and packages go to the folder INTO; the machine's state is neither read nor changed. The packages lie in
# INTO/packages then.
fetch_packages() {
  local into=$1
  shift
  local options=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$into/sources" -o Dir::State="$into/state"
    -o Dir::State::status=/dev/null -o Dir::Cache="$into/cache" -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any
    -o Acquire::Retries=0 -o Acquire::http::Timeout=20)
  mkdir -p "$into/sources" "$into/state/lists/partial" "$into/cache/archives/partial" "$into/packages" &&
    trixie_sources | while read -r uri suite; do
      printf '%s\n' 'Types: deb' "URIs: $uri" "Suites: $suite" 'Components: main' 'Targets: Packages' "Signed-By: $keyring" ''
    done >"$into/sources/trixie.sources" &&
    apt-get "${options[@]}" update &&
    ( cd "$into/packages" && apt-get "${options[@]}" download "$@" )
}
