#!/bin/sh
# Installs clients that are not ours, and runs them against the provider and the wiki. Debian, as root or with sudo.
set -eu
cd "$(dirname "$0")"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# node comes with npm where it comes from elsewhere than Debian.
packages="php-cli php-oauth python3-venv ruby ruby-oauth ruby-simple-oauth"
command -v node >/dev/null || packages="$packages nodejs"
command -v npm >/dev/null || packages="$packages npm"
as_root apt-get update -q
# shellcheck disable=SC2086
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages

python3 -m venv .work/venv
.work/venv/bin/pip install -q --disable-pip-version-check -r clients/python/requirements.txt
npm ci --prefix clients/node --no-audit --no-fund --ignore-scripts

cd ../..
exec cargo test --all-features --test interop_clients -- --ignored --nocapture
