#!/bin/sh
# The consent page in Chromium. The screenshots are in .work/screenshots, to be looked at.
set -eu
cd "$(dirname "$0")"

apt_install() {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@"
}
chromedriver --version >/dev/null 2>&1 || apt_install chromium chromium-driver fonts-dejavu-core python3

cd ../..
cargo test --features testing --test interop_browser "$@" -- --ignored --nocapture
