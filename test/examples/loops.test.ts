// The event loops of one's own in loops/.
import { expect, test } from "vitest";
import { useServer } from "../use.ts";
import { example } from "./support.ts";

const server = useServer("http");

/** The examples, and what they say of a port where nobody is. */
const LOOPS = [
  ["event_loop.ts", "CURLE_COULDNT_CONNECT"],
  ["own_sockets.ts", "CURLE_GOT_NOTHING"], // its own socket takes the connection first
  ["socket_all.ts", "CURLE_COULDNT_CONNECT"],
] as const;

test.for(LOOPS)(
  "%s runs hundreds of transfers, and the application's timers beside",
  async ([name]) => {
    const paths = Array.from({ length: 298 }, (_, i) => `/bytes/${i + 1}`);
    const urls = [...paths, "/delay/400", "/bytes/500000"].map((path) => server.url(path));
    const { code, stdout, stderr } = await example(`loops/${name}`, ...urls);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n"), last = lines.pop() as string;
    expect(lines).toHaveLength(300);
    for (const url of urls.slice(0, 298)) {
      expect(lines).toContain(`${url} ${url.split("/").pop()} bytes`);
    }
    const ticks = Number(/a timer of 5 ms has run (\d+) times/.exec(last)?.[1]);
    expect(ticks).toBeGreaterThan(5); // of 400 ms; a loop that blocked would leave one or two
  },
);

test.for(LOOPS)("%s names the error, and goes on", async ([name, error]) => {
  const urls = ["http://127.0.0.1:1/", server.url("/bytes/7")];
  const { code, stdout } = await example(`loops/${name}`, ...urls);
  expect(code).toBe(1);
  expect(stdout).toContain(`${urls[0]} ${error}\n`);
  expect(stdout).toContain(`${urls[1]} 7 bytes\n`);
});

test.for(LOOPS)(
  "%s ends where there is nothing to do",
  async ([name]) => {
    expect(await example(`loops/${name}`)).toMatchObject({ code: 0, stderr: "" });
  },
);

test("own_sockets.ts carries large bodies, many at a time", async () => {
  const urls = Array.from({ length: 8 }, (_, i) => server.url(`/bytes/${8_000_000 + i}`));
  const { code, stdout, stderr } = await example("loops/own_sockets.ts", ...urls);
  expect([code, stderr]).toEqual([0, ""]);
  for (const url of urls) expect(stdout).toContain(`${url} ${url.split("/").pop()} bytes\n`);
});
