#!/bin/sh
# Installs a browser, and uses the consent page with it. Debian, as root or with sudo.
# The screenshots are in tests/interop/.work/screenshots.
set -eu
cd "$(dirname "$0")/../.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    chromium chromium-driver fonts-dejavu-core python3

exec cargo test --all-features --test interop_browser -- --ignored --nocapture
