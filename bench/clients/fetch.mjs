// What the clients with a fetch have in common.
import { run } from "./harness.mjs";

/** Runs a client with that fetch; `initFor` gives what each request of a plan is made with. */
export async function runFetch(fetch, initFor, more = {}) {
  let init;
  const request = async (url, extra) => {
    const response = await fetch(url, { ...init, ...extra });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return response;
  };
  await run({
    open: (plan) => init = initFor(plan),
    get: async (url) => (await (await request(url)).arrayBuffer()).byteLength,
    async read(url, sink) {
      const reader = (await request(url)).body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        sink(value);
      }
    },
    async send(url, _size, body) {
      const upload = { method: "PUT", body, duplex: "half" };
      return (await request(url, upload)).text();
    },
    ...more,
  });
}
