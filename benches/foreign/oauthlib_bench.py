"""Signs with oauthlib: a line of input asks for signatures for some time, a line of output tells how many a second."""

import json
import sys
import time

from oauthlib.oauth1 import Client


def run(row):
    client = Client(
        row["consumer_key"],
        client_secret=row["consumer_secret"],
        resource_owner_key=row["token"],
        resource_owner_secret=row["token_secret"],
        signature_method=row["signature_method"],
        rsa_key=row["private_key"] if row["signature_method"].startswith("RSA") else None,
    )
    form = row["form"]

    def sign():
        headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
        return client.sign(row["url"], row["method"], form, headers)[1]["Authorization"]

    count, start = 0, time.perf_counter()
    while True:
        header = sign()
        count += 1
        taken = time.perf_counter() - start
        if taken >= row["seconds"]:
            return {"per_second": count / taken, "header": header}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
