#!/bin/sh
# Clients of other hands, in Python, PHP, Ruby and JavaScript, against the provider and the wiki.
set -eu
cd "$(dirname "$0")"
. clients/install.sh

cd ../..
cargo test --features mediawiki,rsa,testing --test interop_clients "$@" -- --ignored --nocapture
