"""mwoauth takes the three legs at a wiki and identifies its user; requests-oauthlib reads, edits and uploads."""

import os
from urllib.parse import urlsplit

import mwoauth
import requests
from consent import click
from requests_oauthlib import OAuth1, OAuth1Session

INDEX_PHP = os.environ["INDEX_PHP"]
API_PHP = INDEX_PHP.replace("index.php", "api.php")
CONSUMER = mwoauth.ConsumerToken(os.environ["CLIENT_KEY"], os.environ["CLIENT_SECRET"])
USER = os.environ["USER_NAME"]
AGENT = "tower-oauth1-tests/1.0 (tests@client.example)"

browser = requests.Session()


def handshaker(consumer=CONSUMER, callback="https://client.example/ready"):
    return mwoauth.Handshaker(INDEX_PHP, consumer, callback=callback, user_agent=AGENT)


def refused(call, words):
    """The call is refused in these words."""
    try:
        call()
    except mwoauth.OAuthException as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"not refused: {words}")


wiki = handshaker()
page, request_token = wiki.initiate()
answer = click(browser, page, "allow")
assert answer.status_code in (302, 303), answer.status_code
location = answer.headers["Location"]
assert location.startswith("https://client.example/ready?oauth_verifier="), location
access = wiki.complete(request_token, urlsplit(location).query)
identity = wiki.identify(access)
assert (identity["username"], identity["blocked"]) == (USER, False), identity
assert identity["sub"] == wiki.identify(access)["sub"]

# Wrong secrets, and what a user has not allowed.
stranger = mwoauth.ConsumerToken(CONSUMER.key, "another")
refused(lambda: handshaker(stranger).initiate(), "Invalid signature")
refused(lambda: handshaker(mwoauth.ConsumerToken("nobody", "")).initiate(), "Invalid consumer")
refused(lambda: handshaker(callback="https://elsewhere.example/").initiate(), "oauth_callback must be set")
refused(lambda: wiki.identify(mwoauth.AccessToken(access.key, "another")), "Invalid signature")
refused(lambda: wiki.identify(mwoauth.AccessToken("nobody", access.secret)), "No approved grant")

# Cancelling never calls back.
page, _ = wiki.initiate()
answer = click(browser, page, "cancel")
assert answer.status_code == 200 and "Location" not in answer.headers, answer.headers

# api.php.
auth = OAuth1(CONSUMER.key, CONSUMER.secret, access.key, access.secret)
query = {"action": "query", "meta": "tokens|userinfo", "uiprop": "rights", "assert": "user", "format": "json"}
answer = requests.get(API_PHP, params=query, auth=auth).json()["query"]
assert answer["userinfo"]["name"] == USER, answer
form = {
    "action": "edit",
    "format": "json",
    "title": "Ünïcode & more",
    "text": "a=b+c%20d ~!*'() \U0001F600",
    "token": answer["tokens"]["csrftoken"],
}
answer = requests.post(API_PHP, data=form, auth=auth).json()
assert answer["edit"]["result"] == "Success", answer
photo = {"file": ("photo.jpg", b"\xff\xd8" * 2_000_000)}
upload = API_PHP + "?action=upload&format=json&filename=Photo.jpg"
answer = requests.post(upload, files=photo, auth=auth).json()
assert answer["upload"]["imageinfo"]["size"] > 4_000_000, answer
wrong = OAuth1Session(CONSUMER.key, "another", access.key, access.secret)
answer = wrong.get(API_PHP, params=query)
assert answer.headers["MediaWiki-API-Error"] == "mwoauth-invalid-authorization", answer.headers
assert "Invalid signature" in answer.json()["error"]["info"], answer.text

print("mwoauth: initiate, authorize, token, identify, cancel, 5 refusals; api.php: userinfo, edit, upload, refusal")
