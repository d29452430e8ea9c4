#!/usr/bin/env bash
# openapi.yaml in front of real tools: its schemas say enough, a client generated from it compiles strictly and runs the quickstart, and
# a fuzzer holds the running service to it. Needs the built service (Release) and Node.js with npm; starts the service by itself.
#
# QKMS_FUZZ_REQUESTS  how many requests the fuzzer sends; 20,000 unless given
# QKMS_FUZZ_SEED      the seed that a failed run printed; chosen at random unless given
set -euo pipefail
cd "$(dirname "$0")/../Qkms.Tests/Contract"

# What goes over the network gets a second chance.
twice() { "$@" || { sleep 5 && "$@"; }; }

twice npm ci
node schemas.mjs
npm run --silent client
node fuzz.mjs --requests "${QKMS_FUZZ_REQUESTS:-20000}" ${QKMS_FUZZ_SEED:+--seed "$QKMS_FUZZ_SEED"}
