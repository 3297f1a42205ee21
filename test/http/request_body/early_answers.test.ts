// The answer being whole ends the exchange, also where the upload has nothing to send for the moment.
import net from "node:net";
import { describe, expect, test } from "vitest";
import { Agent, fetch, type FetchInit, transferInfo, upload } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, failure, sleep, until } from "../support.ts";

const get = (url: string, init: FetchInit) => fetch(url, { timeout: 1500, ...init });

const server = useServer("http", "h2");

const UNVERIFIED = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 };
const BODY = "the whole answer";

/** A body that gives ten bytes, and then neither more nor its end. */
function stalled(): { body: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => void (cancelled = true),
  });
  return { body, cancelled: () => cancelled };
}

const head = (status: number, ...lines: string[]) =>
  [`HTTP/1.1 ${status} Words`, ...lines, "", ""].join("\r\n");
const chunks = (text: string) =>
  [...text].map((letter) => `1\r\n${letter}\r\n`).join("") + "0\r\n\r\n";

/** How a body is framed, and the parts in which the answer is sent; `null` ends the connection. */
const framings: Record<string, (status: number) => (string | null)[]> = {
  "a length": (status) => [head(status, `Content-Length: ${BODY.length}`) + BODY],
  "a length, piece by piece": (status) => [
    head(status, `Content-Length: ${BODY.length}`).slice(0, 30),
    head(status, `Content-Length: ${BODY.length}`).slice(30),
    ...BODY,
  ],
  "chunks": (status) => [head(status, "Transfer-Encoding: chunked") + chunks(BODY)],
  "chunks, the last one later": (status) => [
    head(status, "Transfer-Encoding: chunked"),
    chunks(BODY).slice(0, -5),
    "0\r\n",
    "\r\n",
  ],
  "chunks and a close that was announced": (status) => [
    head(status, "Transfer-Encoding: chunked", "Connection: close") + chunks(BODY),
    null,
  ],
  "the end of the connection": (status) => [head(status), BODY, null],
};

/** A server that answers with these parts once ten bytes of a body have come. */
async function answering(
  parts: (string | null)[],
): Promise<{ url: string; connections: () => number; ended: () => number } & AsyncDisposable> {
  let connections = 0, ended = 0;
  const sockets = new Set<net.Socket>();
  const own = net.createServer((socket) => {
    connections++;
    sockets.add(socket);
    let text = "", answered = false;
    socket.on("error", () => {});
    socket.on("close", () => (ended++, sockets.delete(socket)));
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const [, body] = text.split("\r\n\r\n");
      if (answered || body === undefined || body.length < 10) return;
      answered = true;
      void send(socket, parts);
    });
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const { port } = own.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    connections: () => connections,
    ended: () => ended,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => own.close(() => resolve()));
    },
  };
}

async function send(socket: net.Socket, parts: (string | null)[]): Promise<void> {
  for (const part of parts) {
    if (part === null) socket.end();
    else socket.write(part, "latin1");
    await sleep(3);
  }
}

const cases = [200, 201, 400, 401, 413, 500].flatMap((status) =>
  Object.keys(framings).map((framing) => ({ status, framing }))
);

describe.each(cases)("$status with $framing", ({ status, framing }) => {
  test("fetch has the whole answer, and the stream is cancelled", async () => {
    await using agent = new Agent();
    await using own = await answering(framings[framing]!(status));
    for (let i = 1; i <= 2; i++) {
      const { body, cancelled } = stalled();
      const response = await get(own.url, { method: "POST", body, agent });
      expect([response.status, await response.text()]).toEqual([status, BODY]);
      await until(() => cancelled() && agent.active === 0);
      expect([cancelled(), agent.active]).toEqual([true, 0]);
      expect(own.connections()).toBe(i); // none is used again
    }
    await until(() => own.ended() === 2);
    expect(own.ended()).toBe(2);
  });

  test("upload has its result", async () => {
    await using agent = new Agent();
    await using own = await answering(framings[framing]!(status));
    const { body, cancelled } = stalled();
    const result = await upload(body, own.url, { agent, timeout: 1500 });
    expect([result.status, result.bytes]).toEqual([status, 10]);
    expect(cancelled()).toBe(true);
  });
});

test.each([200, 204, 304, 400])("an answer of %i without a body", async (status) => {
  await using own = await answering([head(status, ...status < 300 ? [] : ["Content-Length: 0"])]);
  if (status === 200) return; // without a length its end is that of the connection
  const { body } = stalled();
  const response = await get(own.url, { method: "PUT", body });
  expect([response.status, await response.text()]).toEqual([status, ""]);
});

/** Answers that are cut off. */
const cuts: Record<string, string[]> = {
  "in a body with a length": [head(200, "Content-Length: 100"), "only this"],
  "in a chunk": [head(200, "Transfer-Encoding: chunked"), "9\r\nonly th"],
  "before the last chunk": [head(200, "Transfer-Encoding: chunked"), "9\r\nonly this\r\n"],
};

test.each(Object.keys(cuts))("an answer that is cut off %s is an error", async (cut) => {
  for (const status of [200, 500]) {
    const parts = cuts[cut]!.map((part) => part.replace(" 200 ", ` ${status} `));
    await using own = await answering([...parts, null]);
    const { body } = stalled();
    const error = await failure((async () => {
      await (await get(own.url, { method: "POST", body })).text();
    })());
    expect(codeOf(error), `${status}`).toBe("CURLE_PARTIAL_FILE");
  }
});

test("an answer that is not whole ends no upload, and both go on together", async () => {
  await using own = await answering([head(200, "Transfer-Encoding: chunked"), "2\r\n1,\r\n"]);
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => (controller = given).enqueue(new Uint8Array(10)),
    cancel: () => void (cancelled = true),
  });
  await using agent = new Agent();
  const response = await get(own.url, { method: "POST", body, agent });
  const reader = response.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("1,");
  for (let i = 0; i < 5; i++) {
    await sleep(20);
    controller.enqueue(new Uint8Array(10));
  }
  await sleep(50);
  expect([cancelled, agent.active]).toEqual([false, 1]);
  await reader.cancel();
});

test("a large answer is read to its end, however slowly", async () => {
  const size = 3_000_000;
  await using own = await answering([
    head(200, `Content-Length: ${size}`) + "x".repeat(size),
  ]);
  const { body } = stalled();
  let length = 0;
  for await (const chunk of (await get(own.url, { method: "POST", body })).body!) {
    length += chunk.length;
    await sleep(1);
  }
  expect(length).toBe(size);
});

test("a redirect behind a stream that stalls is followed where it needs no body", async () => {
  await using own = await answering([
    head(303, `Location: ${server.url("/small")}`, "Content-Length: 0"),
  ]);
  const { body } = stalled();
  const started = performance.now();
  const response = await get(own.url, { method: "POST", body });
  expect(await response.json()).toMatchObject({ ok: true });
  expect(performance.now() - started).toBeLessThan(900); // DISCARD_MS is a second
});

const { endsPausedH2 } = libcurl;
const onH2 = describe.skipIf(!endsPausedH2.holds);

onH2.each(["length", "without", "pieces"])(
  `HTTP/2, the answer by %s${endsPausedH2.note}`,
  (how) => {
    const curl = UNVERIFIED;
    const early = () => server.url(`/early/${how}`, "h2");

    test("the answer is whole, and the connection goes on", async () => {
      await using agent = new Agent();
      for (let i = 0; i < 3; i++) {
        const { body, cancelled } = stalled();
        const response = await get(early(), { method: "POST", body, agent, curl });
        expect(await response.text()).toBe(BODY);
        expect(transferInfo(response).reused).toBe(i > 0);
        await until(cancelled);
        expect([cancelled(), agent.active]).toEqual([true, 0]);
      }
      const { body } = stalled();
      const result = await upload(body, early(), { agent, curl, timeout: 1500 });
      expect([result.bytes, result.info.reused]).toEqual([10, true]);
    });

    test("beside another upload that goes on", async () => {
      await using agent = new Agent();
      let going = true;
      const endless = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await sleep(5);
          if (going) controller.enqueue(new Uint8Array(100));
          else controller.close();
        },
      });
      const options = { method: "POST", agent, curl, timeout: 5000 };
      await (await fetch(server.url("/small", "h2"), { agent, curl })).text();
      const beside = fetch(server.url("/sink", "h2"), { ...options, body: endless });
      await sleep(50);
      const { body, cancelled } = stalled();
      const response = await get(early(), { method: "POST", body, agent, curl });
      // libcurl before 8 does not tell of the end of one stream while another one uses the socket
      if (how !== "length") setTimeout(() => going = false, 300);
      expect(await response.text()).toBe(BODY);
      expect(transferInfo(response).reused).toBe(true);
      await until(cancelled);
      expect(cancelled()).toBe(true);
      going = false;
      expect((await beside).status).toBe(200);
    });
  },
);

onH2.each(["unasked", "body"])(
  `HTTP/2, a stream that ends with its answer, %s${endsPausedH2.note}`,
  (when) => {
    const early = (how: string) => server.url(`/early/${how}/${when}`, "h2");

    test.each(["length", "without", "pieces"])("the answer by %s", async (how) => {
      await using agent = new Agent();
      for (let i = 0; i < 20; i++) {
        const { body, cancelled } = stalled();
        const response = await get(early(how), { method: "POST", body, agent, curl: UNVERIFIED });
        expect([response.status, await response.text()]).toEqual([200, BODY]);
        await until(cancelled);
      }
      const { body } = stalled();
      const result = await upload(body, early(how), { agent, curl: UNVERIFIED, timeout: 1500 });
      expect(result.status).toBe(200);
    });

    test("behind a body that has more to give", async () => {
      for (let i = 0; i < 10; i++) {
        let left = 20; // within the window that the server grants
        const body = new ReadableStream<Uint8Array>({
          async pull(controller) {
            await sleep(1);
            if (left-- > 0) controller.enqueue(new Uint8Array(2000));
            else controller.close();
          },
        });
        const response = await get(early("length"), { method: "POST", body, curl: UNVERIFIED });
        expect([response.status, await response.text()]).toEqual([200, BODY]);
      }
    });
  },
);

test("over TLS, by HTTP/1 and HTTP/2", async () => {
  for (const HTTP_VERSION of [2, 4]) { // 1.1, 2 over TLS
    const { body } = stalled();
    const curl = { ...UNVERIFIED, HTTP_VERSION };
    const response = await get(server.url("/status/413", "h2"), { method: "POST", body, curl });
    expect([response.status, await response.text()]).toEqual([413, "status 413\n"]);
  }
});

/** Sources that have nothing to send for the moment, after some chunks. */
const idle: Record<string, () => BodyInit> = {
  "a stream without a chunk": () => new ReadableStream({ pull: () => new Promise(() => {}) }),
  "a stream after 10 bytes": () => stalled().body,
  "a stream after 100 chunks": () => {
    let left = 100;
    return new ReadableStream<Uint8Array>({
      pull: (controller) =>
        left-- > 0 ? controller.enqueue(new Uint8Array(10)) : new Promise(() => {}),
    });
  },
  "the readable side of a pair": () => {
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    writer.write(new Uint8Array(10)).catch(() => {});
    idleWriters.push(writer);
    return readable;
  },
};
const idleWriters: unknown[] = [];

/** A server that sends `start` when the request's head has come, and then closes the connection. */
async function closing(start: string): Promise<{ url: string } & AsyncDisposable> {
  const own = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      if (start !== "") socket.write(start);
      setTimeout(() => socket.end(), 50);
    });
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(own.address() as net.AddressInfo).port}/`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => own.close(() => resolve())),
  };
}

describe.each(Object.keys(idle))("the connection ends without an answer to %s", (name) => {
  const starts = ["", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 O", head(103, "A: b")];

  test.each(starts)("after %j", async (start) => {
    await using own = await closing(start);
    for (const headers of [{}, { "Content-Length": "5000" }] as Record<string, string>[]) {
      await using agent = new Agent();
      const init = { method: "POST", body: idle[name]!(), headers, agent, timeout: 20_000 };
      const began = performance.now(), error = await failure(get(own.url, init));
      expect(["CURLE_GOT_NOTHING", "CURLE_RECV_ERROR"]).toContain(codeOf(error));
      expect(performance.now() - began).toBeLessThan(10_000);
      expect(agent.active).toBe(0);
    }
  });
});

test("while the upload has nothing to send, the answer arrives at once", async () => {
  // each byte is sent back; a look once a second would take ten seconds
  const own = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.write(head(200, "Connection: close"));
    socket.on("data", (data) => socket.write(data));
  });
  await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(own.address() as net.AddressInfo).port}/`;
  await using agent = new Agent();
  const { readable, writable } = new TransformStream<Uint8Array>();
  const writer = writable.getWriter();
  writer.write(new Uint8Array(1)).catch(() => {});
  const response = await fetch(url, { method: "POST", body: readable, agent, timeout: 30_000 });
  const reader = response.body!.getReader();
  const began = performance.now();
  for (let i = 0; i < 10; i++) {
    writer.write(new Uint8Array(1)).catch(() => {});
    await reader.read();
    await sleep(30);
  }
  expect(performance.now() - began).toBeLessThan(4000);
  await reader.cancel();
  await writer.abort().catch(() => {});
  await new Promise((resolve) => own.close(resolve));
});
