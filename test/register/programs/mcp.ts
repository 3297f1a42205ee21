import process from "node:process";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const client = new Client({ name: "test", version: "1.0.0" });
const url = new URL("/mcp", process.argv[2]);
// the SDK's own types contradict each other with exactOptionalPropertyTypes
await client.connect(new StreamableHTTPClientTransport(url) as never);
const { tools } = await client.listTools();
const { content } = await client.callTool({ name: "call" }) as { content: { text: string }[] };
console.log(tools.map(({ name }) => name).join(), content[0]?.text);
await client.close();
