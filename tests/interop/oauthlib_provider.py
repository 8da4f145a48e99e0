"""A provider on oauthlib's server side, for tests/interop_providers.rs: prints its URL, then serves.

Everybody who is sent to /authorize approves. Credentials live as long as the process.
"""

import base64
import json
import pathlib
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from oauthlib.oauth1 import (
    RequestValidator,
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_PLAINTEXT,
    SIGNATURE_RSA_SHA1,
    SIGNATURE_RSA_SHA256,
    SignatureOnlyEndpoint,
    WebApplicationServer,
)

CLIENTS = {
    "interopclient0123456789": "a secret with +/=&% in it",
    "plainclient012345678901": "plain",
}
VERIFIER = "verifierOf0123456789abcd"
WINDOW = 300


def public_key():
    vectors = pathlib.Path(__file__).parent.parent / "vectors" / "rsa_test_key.json"
    der = base64.b64decode(json.loads(vectors.read_text())["pkcs1_der_base64"])
    public = serialization.load_der_private_key(der, None).public_key()
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(encoding, form).decode()


class Validator(RequestValidator):
    def __init__(self):
        super().__init__()
        self.rsa_key = public_key()
        self.temporary = {}
        self.tokens = {}
        self.seen = set()

    enforce_ssl = False
    realms = ["Photos"]
    dummy_client = "dummyclient0123456789ab"
    dummy_request_token = "dummytemporary0123456789"
    dummy_access_token = "dummytoken0123456789abcd"

    @property
    def allowed_signature_methods(self):
        return (
            SIGNATURE_HMAC_SHA1,
            SIGNATURE_HMAC_SHA256,
            SIGNATURE_RSA_SHA1,
            SIGNATURE_RSA_SHA256,
            SIGNATURE_PLAINTEXT,
        )

    # Clients.
    def validate_client_key(self, client_key, request):
        return client_key in CLIENTS

    def get_client_secret(self, client_key, request):
        return CLIENTS.get(client_key, "dummy")

    def get_rsa_key(self, client_key, request):
        return self.rsa_key

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        key = (client_key, timestamp, nonce, request_token, access_token)
        if abs(time.time() - int(timestamp)) > WINDOW or key in self.seen:
            return False
        self.seen.add(key)
        return True

    # Temporary credentials.
    def get_default_realms(self, client_key, request):
        return []

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return True

    def save_request_token(self, token, request):
        self.temporary[token["oauth_token"]] = {
            "secret": token["oauth_token_secret"],
            "callback": request.redirect_uri,
            "verifier": None,
        }

    def verify_request_token(self, token, request):
        return token in self.temporary

    def get_realms(self, token, request):
        return []

    def verify_realms(self, token, realms, request):
        return True

    def get_redirect_uri(self, token, request):
        return self.temporary[token]["callback"]

    def save_verifier(self, token, verifier, request):
        self.temporary[token]["verifier"] = verifier["oauth_verifier"]

    # Token credentials.
    def validate_request_token(self, client_key, token, request):
        return token in self.temporary

    def get_request_token_secret(self, client_key, token, request):
        return self.temporary.get(token, {}).get("secret", "dummy")

    def validate_verifier(self, client_key, token, verifier, request):
        known = self.temporary.get(token, {}).get("verifier")
        return known is not None and secrets.compare_digest(known, verifier)

    def invalidate_request_token(self, client_key, request_token, request):
        self.temporary.pop(request_token, None)

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = token["oauth_token_secret"]

    # Resources.
    def validate_access_token(self, client_key, token, request):
        return token in self.tokens

    def get_access_token_secret(self, client_key, token, request):
        return self.tokens.get(token, "dummy")

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True


VALIDATOR = Validator()
SERVER = WebApplicationServer(VALIDATOR)
TWO_LEGGED = SignatureOnlyEndpoint(VALIDATOR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("latin-1")
        uri = f"http://{self.headers['Host']}{self.path}"
        request = (uri, self.command, body, dict(self.headers))
        match urlsplit(self.path).path:
            case "/request_token":
                self.answer(*SERVER.create_request_token_response(*request))
            case "/authorize":
                realms, credentials = SERVER.get_realms_and_credentials(*request)
                self.answer(*SERVER.create_authorization_response(*request, realms, credentials))
            case "/access_token":
                self.answer(*SERVER.create_access_token_response(*request))
            case "/resource":
                valid, _ = SERVER.validate_protected_resource_request(*request, realms=[])
                self.answer({}, "yours" if valid else "no", 200 if valid else 401)
            case "/two_legged":
                valid, _ = TWO_LEGGED.validate_request(*request)
                self.answer({}, "yours" if valid else "no", 200 if valid else 401)
            case _:
                self.answer({}, "no such page", 404)

    do_GET = do_POST = serve

    def answer(self, headers, body, status):
        body = (body or "").encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
