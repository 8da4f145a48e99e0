"""requests-oauthlib sends every request of requests.json; prints a line each: number, status or "unable", reason."""

import json
import os
import pathlib
import sys

import requests
from requests_oauthlib import OAuth1

env = os.environ
place = {"header": "AUTH_HEADER", "query": "QUERY", "form": "BODY"}[env["PLACE"]]
auth = OAuth1(
    env["CLIENT_KEY"],
    client_secret=env["CLIENT_SECRET"],
    resource_owner_key=env["TOKEN"],
    resource_owner_secret=env["TOKEN_SECRET"],
    signature_method=env["METHOD"],
    signature_type=place,
    rsa_key=env.get("RSA_KEY"),
)
rows = json.loads((pathlib.Path(__file__).parent.parent / "requests.json").read_text())
with requests.Session() as session:
    for number, row in enumerate(rows):
        url = env["API"] + row["path"] + ("?" + row["query"] if "query" in row else "")
        form = {}
        if "form" in row:
            form = {"data": row["form"], "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        try:
            answer = session.request(row["method"], url, auth=auth, **form)
        except ValueError as error:
            print(number, "unable", str(error).splitlines()[0], sep="\t")
        else:
            print(number, answer.status_code, answer.headers.get("WWW-Authenticate", ""), sep="\t")
sys.stdout.flush()
