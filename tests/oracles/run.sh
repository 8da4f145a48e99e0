#!/bin/sh
# Ten foreign implementations as oracles: installs what is missing, builds the programs, and runs tests/oracles.rs. Arguments go to
# `cargo test`.
set -eu
cd "$(dirname "$0")"

./install.sh
cc -O1 -o .work/liboauth liboauth_oracle.c -loauth
GO111MODULE=off GOPATH=/usr/share/gocode go build -o .work/gomodule gomodule_oracle.go

cd ../..
cargo test --release --features rsa --test oracles "$@" -- --ignored --nocapture
