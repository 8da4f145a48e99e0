#!/bin/sh
# Clients of other hands, in Python, PHP, Ruby, JavaScript and a shell, against `oauth1 serve`.
set -eu
cd "$(dirname "$0")/../../tests/interop"
. clients/install.sh
curl --version >/dev/null 2>&1 || apt_install curl

cd ../..
cargo test -p oauth1-cli --test foreign "$@" -- --ignored --nocapture
