// Bodies that cannot be read: bytes whose buffer is gone, and streams that fail without a reason.
import { describe, expect, test } from "vitest";
import { fetch, fetchSync, upload } from "../../../mod.ts";
import { useStrictServer } from "../strict_server.ts";
import { failure } from "../support.ts";

const used = useStrictServer();

type ViewClass = new (buffer: ArrayBuffer, at: number, length: number) => ArrayBufferView<
  ArrayBuffer
>;

const VIEWS: readonly ViewClass[] = [
  ...[Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
];
type Resizable = ArrayBuffer & { resize(size: number): void };
const Growing = ArrayBuffer as unknown as new (size: number, options: object) => Resizable;

/** Ways to lose the bytes of a view, which has 8 of them before. */
const LOSSES: Record<string, (View: ViewClass) => ArrayBufferView> = {
  "a detached": (View) => {
    const view = new View(new ArrayBuffer(16), 0, 8 / sizeOf(View));
    structuredClone(view.buffer, { transfer: [view.buffer] });
    return view;
  },
  "an out-of-bounds": (View) => {
    const buffer = new Growing(16, { maxByteLength: 32 });
    const view = new View(buffer, 8, 8 / sizeOf(View));
    buffer.resize(4);
    return view;
  },
};

const sizeOf = (View: object) => (View as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;

const WAYS: Record<string, (body: ArrayBuffer | ArrayBufferView) => Promise<unknown>> = {
  fetch: (body) =>
    fetch(used.server.url, { method: "PUT", body: body as BodyInit, agent: used.agent }),
  upload: (body) => upload(body as Uint8Array, used.server.url, { agent: used.agent }),
  fetchSync: async (body) =>
    await fetchSync(used.server.url, { method: "PUT", body: body as Uint8Array, timeout: 1000 }),
};

describe.each(Object.keys(WAYS))("%s refuses as a body, by its name,", (name) => {
  const refused = async (body: ArrayBuffer | ArrayBufferView) => {
    const before = used.server.seen().requests.length;
    const error = await failure(WAYS[name]!(body)) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(
      `Cannot ${name}: the body cannot be read: its buffer is detached`,
    );
    expect(used.server.seen().requests).toHaveLength(before);
  };

  test.each(Object.keys(LOSSES))("%s view of every kind", async (loss) => {
    for (const View of VIEWS) await refused(LOSSES[loss]!(View));
  });

  test("a detached ArrayBuffer", async () => {
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    await refused(buffer);
  });
});

test("empty views and buffers are bodies of no bytes", async () => {
  const following = new Uint8Array(new Growing(0, { maxByteLength: 8 }));
  for (const body of [new Uint8Array(0), new DataView(new ArrayBuffer(0)), following]) {
    const response = await fetch(used.server.url, { method: "PUT", body, agent: used.agent });
    expect(await response.text()).toBe("0");
  }
  expect(used.server.seen()).toMatchObject({ faults: [], rest: 0 });
});

describe.each([undefined, null, ""])("a stream that fails with %j", (reason) => {
  const stream = (first: boolean) => {
    let chunks = first ? 1 : 0;
    return new ReadableStream({
      pull: (controller) =>
        chunks-- > 0 ? controller.enqueue(new Uint8Array(5)) : controller.error(reason),
    });
  };

  test.each([false, true])("has a sentence for a message (after a chunk: %s)", async (first) => {
    const init = { method: "PUT", duplex: "half", timeout: 5000 } as const;
    const errors = [
      await failure(fetch(used.server.url, { ...init, body: stream(first) })),
      await failure(
        fetch(new Request(used.server.url, { ...init, body: stream(first) } as object)),
      ),
      await failure(upload(stream(first), used.server.url, { timeout: 5000 })),
    ] as Error[];
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/no reason was given$|and gave no reason$/);
    }
  });
});
