// Server-sent events, as in https://html.spec.whatwg.org/multipage/server-sent-events.html, printed
// when they arrive. After the end of a stream it is requested again, from the last event received;
// a response other than 200 ends the program, which is the purpose of 204.
//
//   deno run --allow-ffi examples/http/events.ts https://news.example/events
//   bun examples/http/events.ts https://news.example/events
//   > message: hello
//   > weather: two lines⏎of rain
//   > message: after event 2
//   2> the server has no more: 204
import process from "node:process";
import { fetch } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: events.ts URL");

let lastId = "", pause = 3000;

/** The lines of a body, which may end in CR, LF or both. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const found = rest.split(/\r\n|\n|\r(?!$)/); // an LF may follow the CR at the end
    rest = found.pop() as string;
    yield* found;
  }
}

interface Message {
  readonly type: string;
  readonly data: string;
}

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let type = "", data: string[] = [];
  for await (const line of lines(body)) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (line === "") {
      if (data.length > 0) yield { type: type || "message", data: data.join("\n") };
      [type, data] = ["", []];
    } else if (field === "event") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) lastId = value;
    else if (field === "retry" && /^\d+$/.test(value)) pause = Number(value);
  }
}

for (;; await new Promise((resolve) => setTimeout(resolve, pause))) {
  try {
    const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    // no limit for the whole call
    const response = await fetch(url, { headers, connectTimeout: 10_000 });
    if (response.status !== 200 || !response.body) {
      console.error(`the server has no more: ${response.status}`);
      break;
    }
    for await (const { type, data } of messages(response.body)) {
      console.log(`${type}: ${data.replaceAll("\n", "⏎")}`);
    }
  } catch (error) {
    console.error((error as Error).message); // the connection was lost: request it again
  }
}
