// The part that all clients with a fetch share.
import { run } from "./harness.mjs";

/** Runs a client with a fetch; `initFor` returns the init for each request of a plan. */
export async function runFetch(fetch, initFor) {
  let init;
  const request = async (url, extra) => {
    const response = await fetch(url, { ...init, ...extra });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return response;
  };
  await run({
    open: async (plan) => init = await initFor(plan),
    get: async (url) => (await (await request(url)).arrayBuffer()).byteLength,
    json: async (url) => (await request(url)).json(),
    respond: (url) => request(url),
    async read(url, sink) {
      const reader = (await request(url)).body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        sink(value);
      }
    },
    async iterate(url, sink) {
      for await (const chunk of (await request(url)).body) sink(chunk);
    },
    pipe: async (url, sink) =>
      (await request(url)).body.pipeTo(new WritableStream({ write: sink })),
    async save(url, path) {
      const response = await request(url);
      if ("Bun" in globalThis) await globalThis.Bun.write(path, response);
      else await globalThis.Deno.writeFile(path, response.body);
    },
    async send(url, _size, body) {
      const upload = { method: "PUT", body, duplex: "half" };
      return (await request(url, upload)).text();
    },
  });
}
