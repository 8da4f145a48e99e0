# Installs the clients of other hands. To be sourced in the directory tests/interop.
apt_install() {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@"
}
php -m 2>/dev/null | grep -qix oauth || apt_install php-cli php-oauth
ruby -e 'require "oauth"; require "simple_oauth"' 2>/dev/null || apt_install ruby ruby-oauth ruby-simple-oauth
npm --version >/dev/null 2>&1 || apt_install nodejs npm
npm ci --prefix clients/node --silent --no-audit --no-fund --ignore-scripts

venv=$PWD/.work/clients-venv
if ! "$venv/bin/python" -c 'import cryptography, mwoauth, requests_oauthlib' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet -r clients/python/requirements.txt
fi
