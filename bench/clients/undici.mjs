// undici on Node.js: `request`, its fastest way for one request.
import { Agent, request } from "undici";
import { run } from "./harness.mjs";

const agentOf = ({ concurrency }) =>
  new Agent({ connections: concurrency, headersTimeout: 0, bodyTimeout: 0 });

let dispatcher;

async function bodyOf(url, options) {
  const { statusCode, body } = await request(url, { dispatcher, ...options });
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  return body;
}

await run({
  open: (plan) => dispatcher = agentOf(plan),
  get: async (url) => (await (await bodyOf(url)).arrayBuffer()).byteLength,
  async read(url, sink) {
    for await (const chunk of await bodyOf(url)) sink(chunk);
  },
  send: async (url, _size, body) => (await bodyOf(url, { method: "PUT", body })).text(),
});
