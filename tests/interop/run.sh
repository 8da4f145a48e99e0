#!/bin/sh
# Tests against programs that know nothing of this crate. Installs what is missing, which takes the network and,
# for Debian's packages, root; then runs every part. Arguments go to `cargo test`.
set -eu
cd "$(dirname "$0")"
for part in providers.sh clients.sh browser.sh; do
    echo "== $part" >&2
    "./$part" "$@"
done
