// waterfall: text and SVG from archives, observed transfers and infos.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { transferInfo } from "../../mod.ts";
import { recordHar, waterfall, type WaterfallSource } from "../../observe.ts";
import { curlew } from "../cli/support.ts";
import { elementsOf, failure, World } from "./support.ts";
import { useServer } from "../use.ts";

const world = new World(useServer("http", "https"));
afterAll(() => world.close());

const TIMINGS = { blocked: 10, dns: 10, connect: 30, ssl: 20, send: 5, wait: 25, receive: 20 };

/** An archive with entries that start so many ms after the first. */
function archive(...starts: number[]): WaterfallSource {
  const entries = starts.map((start, i) => ({
    startedDateTime: new Date(1e12 + start).toISOString(),
    time: 100,
    request: { method: "GET", url: `https://example.com/${i}/${"x".repeat(60)}?token=secret` },
    response: { status: i === 0 ? 200 : 500 },
    timings: TIMINGS,
  }));
  return { log: { entries } } as unknown as WaterfallSource;
}

describe("the text", () => {
  test.for([40, 80, 200])("has %i columns at most, without colours", (width) => {
    const text = waterfall(archive(0, 50, 200)).text({ width, color: false });
    const lines = text.split("\n");
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(width);
    // deno-lint-ignore no-control-regex -- there must be none
    expect(text).not.toMatch(/\x1b/);
    expect(lines[0]).toMatch(/^GET 200 .* +100\.0 ms {2}\S/);
    expect(lines[3]).toMatch(/^total +300\.0 ms$/);
    expect(lines.slice(4).join(" ")).toContain("· blocked");
  });

  test("has all transfers on one axis", () => {
    const lines = waterfall(archive(0, 50, 200)).text({ width: 200, color: false }).split("\n");
    const bars = lines.slice(0, 3).map((line) => /ms {2}( *)(\S+)$/.exec(line) ?? []);
    const room = Math.max(...bars.map(([, space, bar]) => space!.length + bar!.length));
    const parts = bars.map(([, space, bar]) => [space!.length / room, bar!.length / room]);
    for (const [i, start] of [0, 50, 200].entries()) {
      expect(parts[i]![0]).toBeCloseTo(start / 300, 1);
      expect(parts[i]![1]).toBeCloseTo(1 / 3, 1);
    }
  });

  test("has each phase in its place", () => {
    const [line = ""] = waterfall(archive(0)).text({ width: 200, color: false }).split("\n");
    const bar = line.split("ms  ")[1]!, order = bar.replace(/(.)\1*/g, "$1");
    expect(order).toBe("·▒▓░▖▄█");
    const share = (mark: string) => bar.split(mark).length - 1;
    expect(share("░") / bar.length).toBeCloseTo(0.2, 1); // of `connect` only what is not TLS is drawn
    expect(share("▓") / bar.length).toBeCloseTo(0.1, 1);
  });

  test("has colours where they are asked for, of which nothing is counted", () => {
    const plain = waterfall(archive(0, 50)).text({ width: 80, color: false });
    const colored = waterfall(archive(0, 50)).text({ width: 80, color: true });
    // deno-lint-ignore no-control-regex -- that is what colours are made of
    expect(colored.replace(/\x1b\[\d+m/g, "").replace(/ +$/gm, "")).toBe(plain);
    expect(colored).toContain("\x1b[31mGET 500");
  });

  test("of nothing says so", () => {
    expect(waterfall([]).text()).toBe("no transfers");
    expect(elementsOf(waterfall([]).svg())).toContain("svg");
  });
});

describe("the image", () => {
  test("is XML, alone, and without a script", () => {
    const svg = waterfall(archive(0, 50, 200)).svg(), elements = elementsOf(svg);
    expect(new Set(elements)).toEqual(new Set(["svg", "title", "rect", "line", "text", "g"]));
    expect(elements.filter((name) => name === "g")).toHaveLength(3);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
      /href|url\(|\son\w+=/,
    );
  });

  test("stays XML whatever the transfers say", () => {
    const evil = `"><script>alert(1)</script>&\0\x1b[2J\ud800 ]]>`;
    const source = {
      log: {
        entries: [
          {
            startedDateTime: evil,
            request: { method: evil, url: `https://example.com/${evil}` },
            response: { status: evil },
            timings: { blocked: evil, dns: NaN, connect: Infinity, ssl: -5, wait: 1e300 },
          },
          null,
          7,
          {},
        ],
      },
    };
    const chart = waterfall(source as unknown as WaterfallSource);
    expect(elementsOf(chart.svg())).not.toContain("script");
    // deno-lint-ignore no-control-regex -- the terminal must not get it
    expect(chart.text({ color: false })).not.toMatch(/[\0\x1b]/);
  });
});

test("a member of the source that throws when it is read counts as absent", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = new Proxy({}, {
    get() {
      throw new Error("mine");
    },
  });
  const chart = waterfall([proxy, throwing, { startTime: 5, info: throwing }] as never);
  expect(chart.text({ width: 80, color: false }).split("\n")).toHaveLength(4);
  for (const source of [proxy, throwing, null, 7, "text", { log: { entries: 7 } }]) {
    expect(() => waterfall(source as never)).toThrow(/must be a HAR or an iterable/);
  }
  expect(() => waterfall([]).text({ width: 7 })).toThrow(/width must be .* got 7/);
  expect(() => waterfall([]).text({ color: 7 as never })).toThrow(/color must be a boolean/);
});

test("real transfers are drawn from an archive, from what was observed, and from infos", async () => {
  using recorder = recordHar(world.agent);
  const response = await world.get(world.server.url("/delay/60"));
  await response.text();
  await failure(world.get("http://127.0.0.1:1/?token=secret"));
  for (const source of [recorder.har(), world.ended, [transferInfo(response)]]) {
    const text = waterfall(source).text({ width: 100, color: false }),
      [first = ""] = text.split("\n");
    expect(first).toMatch(/ms {2}.*▄{10}/);
    expect(text).not.toContain("secret");
    elementsOf(waterfall(source).svg());
  }
  const { startTime, endTime, info } = world.ended[0]!;
  const [total = ""] = /[\d.]+ ms/.exec(waterfall([world.ended[0]!]).text({ color: false })) ?? [];
  expect(parseFloat(total)).toBeCloseTo(endTime! - startTime, 0);
  expect(info?.total).toBeGreaterThan(50);
});

test("an image is written in one step", async () => {
  const folder = await mkdtemp(join(tmpdir(), "curlew-svg-")), path = join(folder, "a.svg");
  try {
    await writeFile(path, "old");
    await waterfall(archive(0)).save(path);
    elementsOf(await readFile(path, "utf8"));
    expect((await stat(path)).mode & 0o600).toBe(0o600);
    expect(await failure(waterfall([]).save(folder))).toBeInstanceOf(TypeError);
    expect(await readdir(folder)).toEqual(["a.svg"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe("curlew trace", () => {
  test("draws where the time of each URL went", async () => {
    const urls = ["/redirect/0?token=secret", "/delay/40"].map((path) => world.server.url(path));
    const { code, stdout, stderr } = await curlew(["trace", ...urls]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^GET (?:302|200) 127\.0\.0\.1:/);
    expect(stdout.match(/^GET /gm)).toHaveLength(3);
    expect(stdout).not.toContain("secret");
    expect(stdout).not.toContain("\x1b");
  });

  test("is as wide as the terminal, with colours", async () => {
    const args = ["trace", world.server.url("/small")];
    const { stdout } = await curlew(args, { terminals: [1] });
    expect(stdout).toContain("\x1b[");
    const plain = await curlew(args, { terminals: [1], env: { NO_COLOR: "1" } });
    expect(plain.stdout).not.toContain("\x1b[");
  });

  test("draws what failed, names the error, and fails", async () => {
    const { code, stdout, stderr } = await curlew(["trace", "127.0.0.1:1/?token=secret"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^GET failed 127\.0\.0\.1:1\//);
    expect(stderr).toMatch(/^curlew: .*CURLE_COULDNT_CONNECT/);
    expect(stdout + stderr).not.toContain("secret");
  });

  test("says how it is used", async () => {
    for (const args of [[], ["--help"], ["-x", "http://127.0.0.1/"]]) {
      expect(await curlew(["trace", ...args])).toMatchObject({
        code: 2,
        stdout: "",
        stderr: "Usage: curlew trace URL…\n",
      });
    }
    expect((await curlew(["help"])).stdout).toContain("trace URL…");
  });
});
