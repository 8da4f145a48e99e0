#!/bin/sh
# Installs the foreign implementations, those that are missing: Debian's packages as root, pip into a venv, npm.
set -eu
cd "$(dirname "$0")"

apt_install() {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
php -m 2>/dev/null | grep -qix oauth || apt_install php-cli php-oauth
ruby -e 'require "oauth"; require "simple_oauth"' 2>/dev/null || apt_install ruby ruby-oauth ruby-simple-oauth
npm --version >/dev/null 2>&1 || apt_install nodejs npm
[ -f /usr/include/oauth.h ] && cc --version >/dev/null 2>&1 || apt_install gcc libc6-dev liboauth-dev
go version >/dev/null 2>&1 && [ -d /usr/share/gocode/src/github.com/gomodule/oauth1 ] ||
    apt_install golang-go golang-github-gomodule-oauth1-dev

mkdir -p .work
npm ci --silent --no-audit --no-fund --ignore-scripts
if ! .work/venv/bin/python -c 'import authlib, cryptography, jwt, oauthlib' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    python3 -m venv .work/venv
    .work/venv/bin/python -m pip install --quiet -r requirements.txt
fi
