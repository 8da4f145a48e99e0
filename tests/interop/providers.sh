#!/bin/sh
# The handshake against providers: one on oauthlib's server side, one on PHP's OAuthProvider.
set -eu
cd "$(dirname "$0")"
work=$PWD/.work
mkdir -p "$work"

apt_install() {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@"
}
php -m 2>/dev/null | grep -qix oauth || apt_install php-cli php-oauth
python=$work/providers-venv/bin/python
if ! "$python" -c 'import oauthlib, jwt, cryptography' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    python3 -m venv "$work/providers-venv"
    "$python" -m pip install --quiet 'oauthlib[signedtoken]==3.3.1'
fi

started=
# By their process ids: whatever else runs here is none of ours.
stop() { for pid in $started; do kill "$pid" 2>/dev/null || true; done; }
trap stop EXIT
trap 'exit 1' INT TERM

# Waits until a command succeeds, ten seconds at most.
await() {
    tries=100
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "gave up waiting for: $*" >&2; exit 1; }
        sleep 0.1
    done
}

rm -f "$work/oauthlib.url" "$work/php.json" "$work/php.log"
"$python" oauthlib_provider.py >"$work/oauthlib.url" 2>"$work/oauthlib.log" &
started="$started $!"
await test -s "$work/oauthlib.url"
OAUTHLIB_PROVIDER_URL=$(cat "$work/oauthlib.url")

# PHP's server names no port that it chose itself, so one that was free a moment ago has to do.
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
INTEROP_STATE=$work/php.json php -d display_errors=stderr -S "127.0.0.1:$port" provider.php >"$work/php.log" 2>&1 &
started="$started $!"
PHP_PROVIDER_URL=http://127.0.0.1:$port
await grep -qs 'Development Server' "$work/php.log"

export OAUTHLIB_PROVIDER_URL PHP_PROVIDER_URL
cd ../..
cargo test --features rsa --test interop_providers "$@" -- --ignored
