// oauth-1.0a, oauth-sign and node-oauth as oracles: the name of the library is the first argument.

import { createHmac, createSign } from "node:crypto";
import { createInterface } from "node:readline";
import OAuth1a from "oauth-1.0a";
import oauthSign from "oauth-sign";
import nodeOauth from "oauth";

const decode = (text) => decodeURIComponent(text.replaceAll("+", " "));

function protocol(row) {
  return {
    oauth_consumer_key: row.consumer_key,
    oauth_nonce: row.nonce,
    oauth_signature_method: row.signature_method,
    oauth_timestamp: row.timestamp,
    oauth_token: row.token,
    oauth_version: "1.0",
  };
}

// Names that stand there more than once get a list, as these libraries ask for.
function fields(pairs) {
  const fields = {};
  for (const [name, value] of pairs ?? []) {
    fields[name] = Object.hasOwn(fields, name) ? [fields[name], value].flat() : value;
  }
  return fields;
}

function queryPairs(url) {
  const query = url.split("#")[0].split(/\?(.*)/s)[1] ?? "";
  return query.split("&").filter((pair) => pair !== "").map((pair) => [...pair.split(/=(.*)/s), ""].slice(0, 2).map(decode));
}

const hash = (method) => method.split("-")[1].toLowerCase();

const libraries = {
  "oauth-1.0a"(row) {
    if (row.signature_method.startsWith("RSA")) return { unable: "method" };
    const client = new OAuth1a({
      consumer: { key: row.consumer_key, secret: row.consumer_secret },
      signature_method: row.signature_method,
      hash_function: (base, key) => createHmac(hash(row.signature_method), key).update(base).digest("base64"),
    });
    client.getNonce = () => row.nonce;
    client.getTimeStamp = () => Number(row.timestamp);
    const request = { url: row.url, method: row.method, data: row.form === null ? undefined : fields(row.pairs) };
    return { signature: client.authorize(request, { key: row.token, secret: row.token_secret }).oauth_signature };
  },
  "oauth-sign"(row) {
    const uri = row.url.split("#")[0].split("?")[0];
    const parameters = fields([...queryPairs(row.url), ...(row.pairs ?? []), ...Object.entries(protocol(row))]);
    if (row.signature_method === "RSA-SHA256") return { unable: "method" };
    const key = row.signature_method.startsWith("RSA") ? row.private_key : row.consumer_secret;
    return { signature: oauthSign.sign(row.signature_method, row.method, uri, parameters, key, row.token_secret) };
  },
  "node-oauth"(row) {
    if (!["HMAC-SHA1", "RSA-SHA1"].includes(row.signature_method)) return { unable: "method" };
    const secret = row.signature_method === "RSA-SHA1" ? row.private_key : row.consumer_secret;
    const client = new nodeOauth.OAuth(null, null, row.consumer_key, secret, "1.0", null, row.signature_method);
    client._getNonce = () => row.nonce;
    client._getTimestamp = () => row.timestamp;
    const parameters = client._prepareParameters(row.token, row.token_secret, row.method, row.url, fields(row.pairs));
    return { signature: parameters.find(([name]) => name === "oauth_signature")[1] };
  },
};

const run = libraries[process.argv[2]];
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = run(JSON.parse(line));
  } catch (error) {
    answer = { unable: `${error.name}: ${error.message}`.slice(0, 200) };
  }
  console.log(JSON.stringify(answer));
}
