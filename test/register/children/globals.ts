// Prints the globals of a program after `curlew/register` as JSON.
import process from "node:process";

const [url = "", builtInOnly = ""] = process.argv.slice(2);
const response = await fetch(url), again = await fetch(new Request(url));
const built = await fetch(builtInOnly);
console.log(JSON.stringify({
  name: fetch.name,
  preconnect: typeof (fetch as { preconnect?: unknown }).preconnect,
  own: response instanceof Response,
  status: [response.status, again.status],
  builtIn: await built.text(),
  webSocket: /extends CurlWebSocket/.test(globalThis.WebSocket.toString()),
}));
