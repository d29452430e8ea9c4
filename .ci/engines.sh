#!/usr/bin/env bash
# The BouncyCastle engine, where the feed has its package: it is built and held to the tests of all engines. A feed without the package
# is no failure, and said in one line. Every other trouble is one. Nothing in the checkout changes.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A folder of its own, so that a package left by another build does not stand for one in the feed.
export NUGET_PACKAGES=$work/packages UseBouncyCastle=true
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
artifacts=(--artifacts-path "$work/artifacts")
readonly package=BouncyCastle.Cryptography

if ! dotnet restore Qkms.Core "${artifacts[@]}" >"$work/restore.log" 2>&1; then
  # NU1101: no such package; NU1102: no such version. Its further lines list what each source has.
  errors=$(grep -E 'error( [A-Z]+[0-9]+)?:' "$work/restore.log" || true)
  missing=$(grep -E 'error NU110[12]: Unable to find package' <<<"$errors" || true)
  others=$(grep -vE 'error NU110[12]:' <<<"$errors" || true)
  if [ -n "$missing" ] && [ -z "$others" ] && ! grep -qvF " $package" <<<"$missing"; then
    echo "the feed has no $package: engine not tested here"
    exit 0
  fi
  cat "$work/restore.log" >&2
  exit 1
fi

dotnet build Qkms.Tests "${artifacts[@]}" -v quiet
dotnet test Qkms.Tests --no-build "${artifacts[@]}" --filter 'FullyQualifiedName~Qkms.Tests.Cryptography.Engine' \
  --logger 'console;verbosity=normal' >"$work/test.log" 2>&1 || { cat "$work/test.log" >&2; exit 1; }

# Its tests are skipped in a build without the engine: they must have run.
if ! grep -q 'Passed .*BouncyCastle_engine_is_present' "$work/test.log"; then
  cat "$work/test.log" >&2
  echo "the build with UseBouncyCastle=true did not contain the engine" >&2
  exit 1
fi
grep -E '^ *(Total tests|Passed|Skipped|Failed): ' "$work/test.log"
