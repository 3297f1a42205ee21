// A server for the SDKs of the tests: a chat that streams, an OpenID provider, an MCP server, an
// echo. Prints its port; ends with its stdin.
import { Buffer } from "node:buffer";
import http from "node:http";
import process from "node:process";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const WORDS = ["a ", "curlew ", "calls"];

function json(res, value) {
  const body = JSON.stringify(value);
  res.writeHead(200, { "content-type": "application/json" }).end(body);
}

async function textOf(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Sends events one by one: a client that waits for the end of the body gets none in time. */
async function stream(res, events) {
  res.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    res.write(event);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  res.end();
}

const chunk = (content) =>
  `data: ${
    JSON.stringify({
      id: "1",
      object: "chat.completion.chunk",
      created: 0,
      model: "m",
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    })
  }\n\n`;

const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

const MESSAGE = { id: "1", type: "message", role: "assistant", model: "m", content: [] };
const ANTHROPIC = [
  event("message_start", { message: { ...MESSAGE, usage: { input_tokens: 1, output_tokens: 1 } } }),
  event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  ...WORDS.map((text) =>
    event("content_block_delta", { index: 0, delta: { type: "text_delta", text } })
  ),
  event("content_block_stop", { index: 0 }),
  event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } }),
  event("message_stop", {}),
];

async function mcp(req, res) {
  const server = new McpServer({ name: "birds", version: "1.0.0" });
  server.registerTool("call", { description: "What it calls" }, () => ({
    content: [{ type: "text", text: WORDS.join("") }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  res.on("close", () => void transport.close());
  await server.connect(transport);
  await transport.handleRequest(req, res);
}

async function serve(req, res) {
  const { pathname, host } = new URL(req.url, `http://${req.headers.host}`);
  const issuer = `http://${host}`;
  switch (pathname) {
    case "/v1/chat/completions":
      await textOf(req);
      return await stream(res, [...WORDS.map(chunk), "data: [DONE]\n\n"]);
    case "/v1/messages":
      await textOf(req);
      return await stream(res, ANTHROPIC);
    case "/.well-known/openid-configuration":
      return json(res, {
        issuer,
        token_endpoint: `${issuer}/token`,
        authorization_endpoint: `${issuer}/auth`,
        jwks_uri: `${issuer}/jwks`,
      });
    case "/token":
      return json(res, { access_token: `for ${await textOf(req)}`, token_type: "bearer" });
    case "/mcp":
      return await mcp(req, res);
    default: {
      const { method, headers } = req;
      return json(res, { method, path: pathname, body: await textOf(req), headers });
    }
  }
}

const server = http.createServer((req, res) => {
  serve(req, res).catch((error) => res.destroy(error));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
