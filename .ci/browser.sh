#!/usr/bin/env bash
# The page at /swagger, and the device of requests/device.html, walked through in a real browser. Needs the built service (Release), Node.js with npm, and Debian's chromium,
# which it installs where it is missing. Screenshots are left in artifacts/browser.
set -euo pipefail
cd "$(dirname "$0")/../Qkms.Tests/Browser"

# What goes over the network gets a second chance.
twice() { "$@" || { sleep 5 && "$@"; }; }

install_chromium() {
  local as_root=
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
}

[ -x "${QKMS_CHROMIUM:-/usr/bin/chromium}" ] || twice install_chromium
twice npm ci
node swagger.mjs
node device.mjs
