// Signs with oauth-1.0a: a line of input asks for signatures for some time, a line of output tells how many a second.

import { createHmac, createPrivateKey, createSign } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The library is installed for the oracles.
const OAuth = createRequire(new URL("../../tests/oracles/", import.meta.url))("oauth-1.0a");

function run(row) {
  const [kind, hash] = row.signature_method.split("-");
  const privateKey = kind === "RSA" ? createPrivateKey(row.private_key) : null;
  const client = new OAuth({
    consumer: { key: row.consumer_key, secret: row.consumer_secret },
    signature_method: row.signature_method,
    hash_function: (base, key) =>
      kind === "RSA"
        ? createSign(`RSA-${hash}`).update(base).sign(privateKey, "base64")
        : createHmac(hash, key).update(base).digest("base64"),
  });
  const token = { key: row.token, secret: row.token_secret };
  const request = { url: row.url, method: row.method, data: Object.fromEntries(row.pairs) };
  const start = performance.now();
  for (let count = 1; ; count++) {
    const header = client.toHeader(client.authorize(request, token)).Authorization;
    const taken = (performance.now() - start) / 1000;
    if (taken >= row.seconds) return { per_second: count / taken, header };
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(run(JSON.parse(line))));
