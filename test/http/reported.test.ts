// What people have reported of other clients, where curlew failed alike.
import { createServer, type Server } from "node:http";
import { createServer as createH2 } from "node:http2";
import { type AddressInfo, createServer as createRaw, type Server as RawServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Agent, constants, Easy, fetch } from "../../mod.ts";
import { codeOf, failure } from "./support.ts";

const servers: { close(): unknown }[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(
  server: Pick<Server | RawServer, "listen" | "address" | "close">,
): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("a 417 to an Expect of one's own is no loop (curl#4949)", async () => {
  let requests = 0;
  const server = createRaw((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (!`${data}`.includes("\r\n\r\n")) return;
      requests++;
      socket.write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    });
  });
  const url = await listen(server);
  await using agent = new Agent();
  const init = { method: "POST", body: "x", headers: { Expect: "100-continue" }, agent };
  const error = await failure(fetch(url, { ...init, timeout: 5000 }));
  expect(codeOf(error)).toBe("CURLE_TOO_MANY_REDIRECTS");
  expect(requests).toBeLessThan(10);
});

test("HTTP/2 without TLS serves more than one request of an agent (curl#10634)", async () => {
  const url = await listen(createH2((_req, res) => void res.end("ok")) as unknown as Server);
  await using agent = new Agent();
  const curl = { HTTP_VERSION: constants.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE };
  for (let i = 0; i < 4; i++) {
    const response = await fetch(url, { agent, curl, timeout: 5000 });
    expect(await response.text()).toBe("ok");
  }
});

test("a DEBUGFUNCTION that throws ends the transfer at once", async () => {
  const url = await listen(createServer((_req, res) => void res.write("no end")));
  await using agent = new Agent();
  using easy = new Easy();
  const thrown = new Error("in the trace");
  easy.setOpts({
    ...{ URL: url, NOPROXY: "*", VERBOSE: true, TIMEOUT_MS: 8000 },
    WRITEFUNCTION: (bytes) => bytes.length,
    DEBUGFUNCTION: () => {
      throw thrown;
    },
  });
  const begun = performance.now();
  expect(await failure(agent.perform(easy))).toMatchObject({ code: 42, cause: thrown });
  expect(performance.now() - begun).toBeLessThan(4000);
});
