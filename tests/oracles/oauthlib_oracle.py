"""oauthlib and Authlib as oracles: the name of the library is the first argument."""

import json
import re
import sys


def oauthlib_client(row):
    from oauthlib.oauth1 import Client

    rsa = row["signature_method"].startswith("RSA")
    return Client(
        row["consumer_key"],
        client_secret=row["consumer_secret"],
        resource_owner_key=row["token"],
        resource_owner_secret=row["token_secret"],
        signature_method=row["signature_method"],
        rsa_key=row["private_key"] if rsa else None,
        nonce=row["nonce"],
        timestamp=row["timestamp"],
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def with_oauthlib(row):
    from urllib.parse import unquote, urlsplit

    from oauthlib.common import Request
    from oauthlib.oauth1.rfc5849 import signature

    headers = dict(FORM) if row["form"] is not None else {}
    _, signed, _ = oauthlib_client(row).sign(row["url"], row["method"], row["form"], headers)
    made = unquote(oauth_parameters(signed["Authorization"])["signature"])
    # The verifier of the library, given the crate's header.
    headers["Authorization"] = row["authorization"]
    request = Request(row["url"], row["method"], row["form"] or "", headers)
    request.params = signature.collect_parameters(
        uri_query=urlsplit(row["url"]).query, body=row["form"] or [], headers=headers, exclude_oauth_signature=True
    )
    request.signature = row["signature"]
    verify = {
        "HMAC-SHA1": lambda: signature.verify_hmac_sha1(request, row["consumer_secret"], row["token_secret"]),
        "HMAC-SHA256": lambda: signature.verify_hmac_sha256(request, row["consumer_secret"], row["token_secret"]),
        "RSA-SHA1": lambda: signature.verify_rsa_sha1(request, row["public_key"]),
        "RSA-SHA256": lambda: signature.verify_rsa_sha256(request, row["public_key"]),
    }[row["signature_method"]]
    return {"signature": made, "accepted": bool(verify())}


def with_authlib(row):
    from authlib.oauth1 import ClientAuth
    from authlib.oauth1.rfc5849 import signature as s
    from authlib.oauth1.rfc5849.util import unescape
    from authlib.oauth1.rfc5849.wrapper import OAuth1Request

    rsa = row["signature_method"].startswith("RSA")
    auth = ClientAuth(
        row["consumer_key"],
        client_secret=row["consumer_secret"],
        token=row["token"],
        token_secret=row["token_secret"],
        signature_method=row["signature_method"],
        rsa_key=row["private_key"] if rsa else None,
    )
    if row["signature_method"] not in auth.SIGNATURE_METHODS:
        return {"unable": "method"}
    body = row["form"] or ""
    headers = dict(FORM) if row["form"] is not None else {}
    _, signed, _ = auth.sign(row["method"], row["url"], headers, body)
    made = oauth_parameters(signed["Authorization"])
    request = OAuth1Request(row["method"], row["url"], body, {**headers, "Authorization": row["authorization"]})
    request.client = Client(row)
    request.credential = request.client
    verify = {"HMAC-SHA1": s.verify_hmac_sha1, "RSA-SHA1": s.verify_rsa_sha1}[row["signature_method"]]
    # The library chooses nonce and timestamp itself.
    return {**{name: unescape(value) for name, value in made.items()}, "accepted": bool(verify(request))}


class Client:
    """The credentials that Authlib asks for when it verifies."""

    def __init__(self, row):
        self.get_client_secret = lambda: row["consumer_secret"]
        self.get_oauth_token_secret = lambda: row["token_secret"]
        self.get_rsa_public_key = lambda: row["public_key"]


def oauth_parameters(header):
    return dict(re.findall(r'oauth_(signature|nonce|timestamp)="([^"]*)"', header))


def main():
    run = {"oauthlib": with_oauthlib, "authlib": with_authlib}[sys.argv[1]]
    for line in sys.stdin:
        try:
            answer = run(json.loads(line))
        except (ValueError, UnicodeError) as error:
            answer = {"unable": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=False)


main()
