"""requests-oauthlib takes the three legs (RFC 5849 §2) at `oauth1 serve`, with a callback and with a code."""

import os
import re

import requests
from consent import click
from requests_oauthlib import OAuth1Session

ORIGIN, KEY, SECRET = (os.environ[name] for name in ("ORIGIN", "CLIENT_KEY", "CLIENT_SECRET"))
browser = requests.Session()

for callback in ("http://127.0.0.1:9/ready?state=a%20b", "https://client.example/ready", "oob"):
    session = OAuth1Session(KEY, client_secret=SECRET, callback_uri=callback)
    session.fetch_request_token(ORIGIN + "/oauth/initiate")
    answer = click(browser, session.authorization_url(ORIGIN + "/oauth/authorize"), "allow")
    if callback == "oob":
        session._client.client.verifier = re.search(r"<output[^>]*>([^<]+)", answer.text)[1]
    else:
        assert answer.headers["Location"].startswith(callback), answer.headers
        session.parse_authorization_response(answer.headers["Location"])
    session.fetch_access_token(ORIGIN + "/oauth/token")
    answer = session.post(ORIGIN + "/photos", data={"a b": "é!*'()~&=+ %", "c": ["2", "1"], "d": ""})
    assert answer.status_code == 200 and "acts for Test User" in answer.json()["verdict"]["summary"], answer.text
    print("three legs with", callback)

denied = OAuth1Session(KEY, client_secret=SECRET, callback_uri="http://127.0.0.1:9/ready")
denied.fetch_request_token(ORIGIN + "/oauth/initiate")
answer = click(browser, denied.authorization_url(ORIGIN + "/oauth/authorize"), "cancel")
assert "oauth_problem=permission_denied" in answer.headers["Location"], answer.headers
