#!/bin/sh
# The app in Chromium, alone and as two instances that share Redis. Installs what is missing, which takes the network
# and root. The screenshots are in .work/screenshots, to be looked at.
set -eu
cd "$(dirname "$0")"

apt_install() {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@"
}
chromedriver --version >/dev/null 2>&1 || apt_install chromium chromium-driver fonts-dejavu-core python3
redis-server --version >/dev/null 2>&1 || apt_install redis-server

cargo test --features redis -- --ignored
cargo build --features redis
target=$(cargo metadata --format-version 1 --no-deps \
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
python3 browser.py "$target/debug/login" .work
