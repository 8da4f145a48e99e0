#!/bin/sh
# Signatures a second beside the libraries of other languages: installs what is missing, builds, and runs main.rs. Arguments go to
# `cargo bench`, such as `-- --test` for one signature of each.
set -eu
cd "$(dirname "$0")/../.."

tests/oracles/install.sh
GO111MODULE=off GOPATH=/usr/share/gocode go build -o tests/oracles/.work/gomodule_bench benches/foreign/gomodule_bench.go
cargo bench --features aws-lc-rs,client --bench foreign "$@"
