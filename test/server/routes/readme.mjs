// Routes that respond like the public servers in the documents.
import { Buffer } from "node:buffer";
import { json } from "../reply.mjs";

const PAGE = "<!doctype html><title>Example Domain</title><h1>Example Domain</h1>\n";

/** Responds like `https://example.com/`. */
function example(res) {
  res.writeHead(200, { "content-type": "text/html", "content-length": PAGE.length });
  res.end(PAGE);
}

/** Responds like `https://httpbin.org/post`: the request, with its body as JSON. */
async function post(req, res) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  const data = Buffer.concat(pieces).toString();
  json(res, 200, { data, headers: req.headers, json: JSON.parse(data) });
}

/** `/readme/example`, `/readme/post` */
function readme(req, res, [name]) {
  if (name === "post") post(req, res).catch((error) => json(res, 400, { error: String(error) }));
  else example(res);
}

export const readmeRoutes = { readme };
