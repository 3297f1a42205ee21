// What a server or a folder could do to this machine: a body that grows, a library that waits.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { native } from "../../ffi/mod.ts";
import { fetchSync, transferInfo, versionInfo } from "../../mod.ts";
import { runChild } from "../server/child.ts";
import { useFolder, useServer } from "../use.ts";
import { codeOf, failure, get, record } from "../http/support.ts";

const LIMIT = 1_000_000;

/** 64 MiB of nothing in 64 KiB, and the same packed twice in a few hundred bytes. */
function bombs(): [encoding: string, body: Uint8Array][] {
  const once = gzipSync(new Uint8Array(64 << 20));
  return [["gzip", once], ["gzip, gzip", gzipSync(once)]];
}

test("a decompression bomb ends at maxBodySize, which counts what comes out", async () => {
  for (const [encoding, body] of bombs()) {
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\n\r\n`;
    const latin1 = Array.from(body, (byte) => String.fromCharCode(byte)).join("");
    await using recorder = await record(head + latin1);
    let size = 0;
    const response = await get(recorder.url, { maxBodySize: LIMIT });
    const error = await failure((async () => {
      for await (const chunk of response.body!) size += chunk.length;
    })());
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error), encoding).toBe("CURLE_FILESIZE_EXCEEDED");
    expect(size).toBeLessThanOrEqual(LIMIT);
    expect(transferInfo(response).bytesIn).toBeLessThanOrEqual(body.length);
    // and one that is never read keeps no more than a queue of it
    const unread = await get(recorder.url, { maxBodySize: LIMIT });
    await unread.body!.cancel();
  }
});

describe("with a server", () => {
  const server = useServer("http");

  test("fetchSync counts what comes out, too", () => {
    const run = () => fetchSync(server.url("/gzip"), { maxBodySize: 500, timeout: 10_000 });
    expect(run).toThrow(/larger than maxBodySize, 500 bytes/);
  });
});

describe("the library", () => {
  const folder = useFolder("cwd");
  beforeAll(() => {
    const names = ["libcurl.so.4", "libcurl.so", "libcurl-gnutls.so.4", "libcurl-nss.so.4"];
    for (const name of [...names, "libc.so.6"]) writeFileSync(join(folder, name), "a trap\n");
  });

  const source = `
    import { versionInfo } from "#root/mod.ts";
    const { library, version } = versionInfo();
    console.log(JSON.stringify({ library, version }));
  `;

  test.skipIf(native.os !== "linux")(
    "is not looked for in the current directory (Linux only: other loaders differ)",
    async () => {
      for (const name of ["", "libcurl.so.4"]) {
        const env = { CURLEW_LIBRARY: name, LD_LIBRARY_PATH: process.env["LD_LIBRARY_PATH"] ?? "" };
        const { code, stdout, stderr } = await runChild(source, { cwd: folder, env });
        // without a libcurl where the loader looks there is none to be found here either
        if (code !== 0) expect(stderr).not.toContain("invalid ELF header");
        else expect(JSON.parse(stdout).library).not.toContain(folder);
        if (process.env["CURLEW_LIBRARY"] === undefined) expect(code, stderr).toBe(0);
      }
    },
  );

  test("is the one that is named, and no other where that fails", async () => {
    const trap = join(folder, "libcurl.so.4");
    const { code, stderr } = await runChild(source, { env: { CURLEW_LIBRARY: trap } });
    expect(code).not.toBe(0);
    expect(stderr).toContain(trap);
    expect(stderr).not.toContain("libcurl-gnutls");
    expect(versionInfo().library).not.toContain(folder);
  });
});
