// oauth-1.0a sends every request of requests.json; prints a line each: number, status or "unable", reason.
// It is given a form as an object of decoded fields, with lists for names that are there more than once.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import OAuth from "oauth-1.0a";

const { API, CLIENT_KEY, CLIENT_SECRET, METHOD, TOKEN, TOKEN_SECRET } = process.env;

const oauth = new OAuth({
  consumer: { key: CLIENT_KEY, secret: CLIENT_SECRET },
  signature_method: METHOD,
  hash_function: (base, key) =>
    createHmac(METHOD.replace("HMAC-", "").toLowerCase(), key).update(base).digest("base64"),
});

function fields(form) {
  const fields = {};
  for (const pair of form.split("&").filter((pair) => pair !== "")) {
    const [name, value] = [...pair.split(/=(.*)/s), ""].map((text) => decodeURIComponent(text.replaceAll("+", " ")));
    fields[name] = name in fields ? [fields[name], value].flat() : value;
  }
  return fields;
}

// The path goes out as it is: other clients of Node parse and rewrite it.
function send(method, url, headers, body) {
  const { hostname, port, origin } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request({ method, hostname, port, path: url.slice(origin.length), headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const rows = JSON.parse(readFileSync(new URL("../requests.json", import.meta.url)));
for (const [number, { method, path, query, form }] of rows.entries()) {
  const url = API + path + (query === undefined ? "" : `?${query}`);
  try {
    const data = form === undefined ? undefined : fields(form);
    const signed = oauth.authorize({ url, method, data }, { key: TOKEN, secret: TOKEN_SECRET });
    const headers = { ...oauth.toHeader(signed) };
    if (form !== undefined) {
      headers["Content-Type"] = "application/x-www-form-urlencoded";
    }
    const answer = await send(method, url, headers, form);
    console.log([number, answer.statusCode, answer.headers["www-authenticate"]].join("\t"));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    console.log([number, "unable", error.message].join("\t"));
  }
}
