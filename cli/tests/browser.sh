#!/bin/sh
# The pages of `oauth1 serve` in Chromium. The screenshots are in tests/interop/.work/screenshots, to be looked at.
set -eu
cd "$(dirname "$0")/../.."

if ! chromedriver --version >/dev/null 2>&1; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
        chromium chromium-driver fonts-dejavu-core python3
fi
cargo test -p oauth1-cli --test browser "$@" -- --ignored --nocapture
