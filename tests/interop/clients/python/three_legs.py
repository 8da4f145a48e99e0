"""requests-oauthlib takes the three legs (RFC 5849 §2), uses the token, and gives it back."""

import os
import re

import requests
from consent import click
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied

PROVIDER = os.environ["PROVIDER"]
KEY, SECRET = os.environ["CLIENT_KEY"], os.environ["CLIENT_SECRET"]
USER = os.environ["USER_NAME"]
INITIATE, AUTHORIZE, TOKEN, REVOKE = (PROVIDER + "/oauth/" + leg for leg in ("initiate", "authorize", "token", "revoke"))
API = PROVIDER + "/api/photos"
CALLBACK = "https://client.example/ready?state=a%20b"

browser = requests.Session()


def begin(callback=CALLBACK, secret=SECRET, **options):
    session = OAuth1Session(KEY, client_secret=secret, callback_uri=callback, **options)
    answer = session.fetch_request_token(INITIATE)
    assert answer["oauth_callback_confirmed"] == "true", answer
    return session


def refused(call, status, problem):
    """The call is refused for this reason."""
    try:
        call()
    except TokenRequestDenied as error:
        assert error.status_code == status, error
        challenge = error.response.headers["WWW-Authenticate"]
        assert f'oauth_problem="{problem}"' in challenge, challenge
    else:
        raise AssertionError(f"not refused: {problem}")


def allowed(session):
    """The user clicks Allow; returns where that leads."""
    answer = click(browser, session.authorization_url(AUTHORIZE), "allow")
    assert answer.status_code == 303, answer.status_code
    return answer.headers["Location"]


def check_api(session):
    who = {"client": KEY, "user": USER}
    for answer in (
        session.get(API, params={"a b": "é!*'()~", "c": ["2", "1"], "d": ""}),
        session.post(API, data={"a b": "é!*'()~&=+ %", "c": ["2", "1"], "d": ""}),
        session.post(API, json={"a": "b"}),
        session.post(API, files={"photo": ("a.jpg", b"\xff" * 100_000)}),
        session.put(API + "?flag&x=%20+", data="a=1"),
        session.delete(API),
    ):
        assert (answer.status_code, answer.json()) == (200, who), (answer.status_code, answer.headers)


# Allowed, with a callback.
session = begin()
location = allowed(session)
assert location.startswith(CALLBACK + "&oauth_token="), location
session.parse_authorization_response(location)
token = session.fetch_access_token(TOKEN)
check_api(session)

# More than the server reads: the answer comes before the end of the form, and on a connection that is closed.
answer = requests.post(API, data={"a": "b" * 9_000_000}, auth=session.auth)
assert answer.status_code == 413, answer.status_code

# Given back: it is good for nothing any more.
assert session.post(REVOKE).status_code == 204
answer = session.get(API)
assert answer.status_code == 401 and "token_rejected" in answer.headers["WWW-Authenticate"], answer.headers

# In every method, in every place of the parameters.
for options in (
    {"signature_method": "HMAC-SHA256"},
    {"signature_method": "HMAC-SHA512"},
    {"signature_method": "PLAINTEXT"},
    {"signature_type": "QUERY", "callback": "https://client.example/ready"},
):
    session = begin(**options)
    session.parse_authorization_response(allowed(session))
    session.fetch_access_token(TOKEN)
    assert session.get(API).json()["user"] == USER, options

# Out of band: the page shows the code.
session = begin("oob")
answer = click(browser, session.authorization_url(AUTHORIZE), "allow")
code = re.search(r"<output[^>]*>(\w+)</output>", answer.text).group(1)
refused(lambda: session.fetch_access_token(TOKEN, verifier="another"), 401, "verifier_invalid")
session.fetch_access_token(TOKEN, verifier=code)
check_api(session)

# The same code a second time.
temporary = begin("oob")
key, secret = temporary.token["oauth_token"], temporary.token["oauth_token_secret"]
page = temporary.authorization_url(AUTHORIZE)
again = OAuth1Session(KEY, SECRET, key, secret)
refused(lambda: again.fetch_access_token(TOKEN, verifier="early"), 401, "permission_unknown")
code = re.search(r"<output[^>]*>(\w+)</output>", click(browser, page, "allow").text).group(1)
temporary.fetch_access_token(TOKEN, verifier=code)
refused(lambda: OAuth1Session(KEY, SECRET, key, secret).fetch_access_token(TOKEN, verifier=code), 401, "token_rejected")
assert browser.get(page).status_code == 400

# Cancelled.
session = begin()
answer = click(browser, session.authorization_url(AUTHORIZE), "cancel")
assert answer.status_code == 303
assert answer.headers["Location"].endswith("&oauth_problem=permission_denied"), answer.headers
refused(lambda: session.fetch_access_token(TOKEN, verifier="none"), 401, "token_rejected")

# Not begun at all.
refused(lambda: begin(secret="another"), 401, "signature_invalid")
# A fault of the client: in a query, it signs a callback that it has decoded twice.
refused(lambda: begin(signature_type="QUERY"), 401, "signature_invalid")
refused(lambda: begin("https://elsewhere.example/"), 400, "parameter_rejected")
refused(lambda: OAuth1Session("nobody", SECRET, callback_uri="oob").fetch_request_token(INITIATE), 401, "consumer_key_unknown")

print("requests-oauthlib: three legs with 5 methods and places, oob, cancel, revocation, 8 refusals")
