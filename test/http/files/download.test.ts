// download: what ends up at the target, and what does not.
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { expect, test } from "vitest";
import { download, type DownloadProgress } from "../../../mod.ts";
import { failure } from "../../driver/support.ts";
import { useServer } from "../../use.ts";
import {
  bytesOf,
  digestOf,
  digestOfPattern,
  names,
  rawServer,
  reply,
  sha256,
  testFolder,
} from "./support.ts";

const folder = testFolder();
const server = useServer("http", "raw", "silent");

test.for([0, 1, 70_000, 100_000_000])("a file of %i bytes arrives whole", async (size) => {
  const path = folder.path("file.bin");
  const result = await download(server.url(`/bytes/${size}`), path);
  expect(result).toMatchObject({ path, bytes: size, resumed: false });
  expect(result.info).toMatchObject({ bytesIn: size, httpVersion: "1.1", redirects: 0 });
  expect(await digestOf(path)).toBe(digestOfPattern(size));
  expect(await names(folder.path())).toEqual(["file.bin"]);
});

test("a chunked body has no total, but a size", async () => {
  const seen: DownloadProgress[] = [];
  const onProgress = (progress: DownloadProgress) => void seen.push(progress);
  const url = server.url("/chunked/300000");
  const { bytes } = await download(url, folder.path("x"), { onProgress });
  expect(bytes).toBe(300_000);
  expect(seen[0]?.total).toBeNull();
  expect(seen.at(-1)).toEqual({ bytes: 300_000, total: 300_000, resumedFrom: 0 });
});

test.for([["/slow/40/5", 40], ["/bytes/50000000", 50_000_000]] as const)(
  "progress never goes down, and ends at the total: %s",
  async ([path, size]) => {
    const seen: DownloadProgress[] = [];
    const onProgress = (progress: DownloadProgress) => void seen.push(progress);
    await download(server.url(path), folder.path("x"), { onProgress });
    const counts = seen.map(({ bytes }) => bytes);
    expect(counts.length).toBeGreaterThan(2);
    expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
    expect(seen.every(({ total }) => total === size)).toBe(true);
    expect(counts.at(-1)).toBe(size);
  },
);

test("what onProgress throws ends the download", async () => {
  const cause = new RangeError("mine");
  const onProgress = () => {
    throw cause;
  };
  const error = await failure(
    download(server.url("/bytes/5000000"), folder.path("x"), { onProgress }),
  );
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ cause: { codeName: "CURLE_ABORTED_BY_CALLBACK", cause } });
  expect(await names(folder.path())).not.toContain("x");
});

test("a redirect is followed, and its body is not in the file", async () => {
  await using raw = await rawServer(({ path }, socket) => {
    if (path === "/end") reply(socket, "200 OK", {}, "the file");
    else reply(socket, "302 Found", { Location: "/end" }, "MOVED".repeat(1000));
  });
  const { info } = await download(raw.url("/start"), folder.path("x"));
  expect(info.redirects).toBe(1);
  expect(await readFile(folder.path("x"), "utf8")).toBe("the file");
});

test.for([1_000_000, 100_000])("a redirect's long body is given up", async (size) => {
  await using raw = await rawServer(({ path }, socket) => {
    if (path === "/end") return reply(socket, "200 OK", {}, "the file");
    socket.write(`HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 99999999\r\n\r\n`);
    socket.write(bytesOf(size)); // and no more
  });
  await download(raw.url("/start"), folder.path("x"), { timeout: 5000 });
  expect(await readFile(folder.path("x"), "utf8")).toBe("the file");
});

test("an endless redirect is an error", async () => {
  await using raw = await rawServer((_, socket) => reply(socket, "302 Found", { Location: "/" }));
  const error = await failure(download(raw.url("/"), folder.path("x"))) as TypeError;
  expect(error.message).toMatch(/redirects more than 20 times/);
});

test.for(["404", "403", "500", "304", "416"])("status %s is an error", async (status) => {
  await writeFile(folder.path("x"), "old");
  const error = await failure(
    download(server.url(`/status/${status}`), folder.path("x")),
  ) as TypeError;
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain(`/status/${status}: the server answered ${status} `);
  expect(await readFile(folder.path("x"), "utf8")).toBe("old");
  expect(await names(folder.path())).toEqual(["x"]);
});

test("a long body of an error is not waited for", async () => {
  await using raw = await rawServer((_, socket) => {
    socket.write(`HTTP/1.1 500 No\r\nContent-Length: 99999999\r\n\r\n`);
    socket.write(bytesOf(100_000));
  });
  const error = await failure(download(raw.url("/"), folder.path("x"), { timeout: 5000 }));
  expect((error as TypeError).message).toContain("answered 500 No");
  expect(await names(folder.path())).toEqual([]);
});

test("a truncated transfer leaves the target as it was", async () => {
  await writeFile(folder.path("x"), "old");
  const error = await failure(download(server.url("/truncated"), folder.path("x")));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ cause: { codeName: "CURLE_PARTIAL_FILE" } });
  expect(await readFile(folder.path("x"), "utf8")).toBe("old");
  expect(await names(folder.path())).toEqual(["x"]);
});

test.for(["bad-chunk", "cut-chunk", "reset-now", "garbage", "http09"])("%s is an error", async (
  path,
) => {
  const error = await failure(download(server.url(`/${path}`, "raw"), folder.path("x")));
  expect(error).toBeInstanceOf(TypeError);
  expect(await names(folder.path())).toEqual([]);
});

test("an existing file is replaced, and who may read it stays", async () => {
  const path = folder.path("x");
  await writeFile(path, "old");
  await chmod(path, 0o600);
  await download(server.url("/bytes/10"), path);
  expect(new Uint8Array(await readFile(path))).toEqual(bytesOf(10));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("overwrite: false keeps a file that is there", async () => {
  const path = folder.path("x");
  await writeFile(path, "old");
  const error = await failure(download(server.url("/bytes/10"), path, { overwrite: false }));
  expect((error as TypeError).message).toBe(`Cannot write ${path}: it exists already`);
  await download(server.url("/bytes/10"), folder.path("y"), { overwrite: false });
  expect(await names(folder.path())).toEqual(["x", "y"]);
});

test("a link stays one: the file that it names is replaced", async () => {
  await mkdir(folder.path("real"));
  await writeFile(folder.path("real/file"), "old");
  await symlink("real/file", folder.path("link"));
  await download(server.url("/bytes/10"), folder.path("link"));
  expect((await lstat(folder.path("link"))).isSymbolicLink()).toBe(true);
  expect(await readlink(folder.path("link"))).toBe("real/file");
  expect((await stat(folder.path("real/file"))).size).toBe(10);
});

test("no encoding is asked for, and none is undone", async () => {
  await using raw = await rawServer(({ headers }, socket) => {
    const asked = headers.get("accept-encoding") ?? "none";
    reply(socket, "200 OK", { "Content-Encoding": "gzip" }, asked);
  });
  await download(raw.url("/"), folder.path("x"));
  expect(await readFile(folder.path("x"), "utf8")).toBe("identity");
});

test("with ACCEPT_ENCODING the body is decoded", async () => {
  const curl = { ACCEPT_ENCODING: "" };
  const { bytes } = await download(server.url("/gzip"), folder.path("x"), { curl });
  expect(await readFile(folder.path("x"), "utf8")).toBe("compressed by gzip\n".repeat(100));
  expect(bytes).toBe(1900);
});

test("a 401 that libcurl answers leaves nothing in the file", async () => {
  const curl = { USERPWD: "me:secret", HTTPAUTH: 2 };
  await download(server.url("/digest/me/secret"), folder.path("x"), { curl });
  expect(await readFile(folder.path("x"), "utf8")).toMatch(/^\{"authenticated":true/);
});

test("a server may take its time to answer to credentials, or fail then", async () => {
  await using raw = await rawServer(({ headers, path }, socket) => {
    if (!headers.has("authorization")) {
      return reply(socket, "401 No", { "WWW-Authenticate": 'Digest realm="r", nonce="n"' }, "who?");
    }
    if (path === "/fails") return socket.destroy();
    setTimeout(() => reply(socket, "200 OK", {}, "the file"), 1300);
  });
  const curl = { USERPWD: "me:secret", HTTPAUTH: 2 };
  await download(raw.url("/x"), folder.path("x"), { curl });
  expect(await readFile(folder.path("x"), "utf8")).toBe("the file");
  const error = await failure(download(raw.url("/fails"), folder.path("y"), { curl }));
  expect(error).toMatchObject({ cause: { codeName: expect.stringMatching(/^CURLE_/) } });
});

test("a 103 is not the response", async () => {
  await download(server.url("/early-hints"), folder.path("x"));
  expect(await readFile(folder.path("x"), "utf8")).toContain('"ok":true');
});

test("headers are sent as given", async () => {
  await using raw = await rawServer(({ headers }, socket) =>
    reply(socket, "200 OK", {}, `${headers.get("x-mine")} ${headers.get("accept-encoding")}`)
  );
  const headers = { "X-Mine": "yes", "Accept-Encoding": "br" };
  await download(raw.url("/"), folder.path("x"), { headers });
  expect(await readFile(folder.path("x"), "utf8")).toBe("yes br");
});

test("an abort rejects with its reason, at any time", async () => {
  const reason = new Error("enough");
  const before = download(server.url("/bytes/1"), folder.path("x"), {
    signal: AbortSignal.abort(reason),
  });
  expect(await failure(before)).toBe(reason);
  for (const path of ["/hold", "/slow/1000/20"]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    const { signal } = controller;
    expect(await failure(download(server.url(path), folder.path("x"), { signal }))).toBe(reason);
  }
  expect(await names(folder.path())).toEqual([]);
});

test("a timeout is a TypeError with curl's own cause", async () => {
  const late = download(server.url("/slow/1000/20"), folder.path("x"), { timeout: 150 });
  const error = await failure(late);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ cause: { codeName: "CURLE_OPERATION_TIMEDOUT" } });
});

test("no connection is a TypeError that names the host", async () => {
  const error = await failure(download("http://127.0.0.1:1/x", folder.path("x"))) as TypeError;
  expect(error.message).toMatch(
    /^Cannot download http:\/\/127\.0\.0\.1:1\/x: .*CURLE_COULDNT_CONN/,
  );
  expect(await names(folder.path())).toEqual([]);
});

test("a path that cannot be written is a TypeError before anything is asked for", async () => {
  await writeFile(folder.path("file"), "");
  await using raw = await rawServer((_, socket) => reply(socket, "200 OK"));
  for (const path of ["", "a\0b", folder.path("no/x"), folder.path("file/x"), "/proc/curlew"]) {
    const error = await failure(download(raw.url("/"), path)) as TypeError;
    expect(error, path).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^Cannot write/);
  }
  expect(raw.seen).toEqual([]);
});

test("a full disk is an error", async () => {
  const error = await failure(download(server.url("/bytes/1000000"), "/dev/full"));
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).message).toMatch(/^Cannot write \/dev\/full: .*CURLE_WRITE_ERROR/);
  // few bytes stay in C's buffer until the file is closed
  const late = await failure(download(server.url("/bytes/10"), "/dev/full"));
  expect((late as TypeError).message).toMatch(/^Cannot write \/dev\/full: No space left/);
});

test("a device is written as it is", async () => {
  const { bytes } = await download(server.url("/bytes/1000000"), "/dev/null");
  expect(bytes).toBe(1_000_000);
  expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
});

test("the same file is not written by two at once", async () => {
  const path = folder.path("x");
  const first = download(server.url("/slow/50/10"), path);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const error = await failure(download(server.url("/bytes/10"), path)) as TypeError;
  expect(error.message).toBe(`Cannot write ${path}: another download is writing it`);
  expect((await first).bytes).toBe(50);
  await Promise.allSettled(
    Array.from({ length: 10 }, () => download(server.url("/bytes/70000"), path)),
  );
  expect(sha256(await readFile(path))).toBe(digestOfPattern(70_000));
  expect(await names(folder.path())).toEqual(["x"]);
});

test("many run at once", async () => {
  const sizes = Array.from({ length: 60 }, (_, i) => i * 1000);
  await Promise.all(
    sizes.map((size) => download(server.url(`/bytes/${size}`), folder.path(`${size}`))),
  );
  for (const size of sizes) {
    expect(await digestOf(folder.path(`${size}`))).toBe(digestOfPattern(size));
  }
});

test("options that would break it are refused", async () => {
  for (const name of ["WRITEFUNCTION", "RESUME_FROM_LARGE", "RESUME_FROM", "FOLLOWLOCATION"]) {
    const curl = { [name]: 1 };
    const error = await failure(download(server.url("/bytes/1"), folder.path("x"), { curl }));
    expect(error, name).toBeInstanceOf(TypeError);
  }
});

test("a part that was not requested is not taken for the file", async () => {
  const path = folder.path("kept");
  await writeFile(path, "whole");
  const part = { "Content-Range": "bytes 5-7/100" };
  await using own = await rawServer((_request, socket) =>
    reply(socket, "206 Partial Content", part, "abc")
  );
  const error = await failure(download(own.url("/"), path, { timeout: 5000 })) as Error;
  expect(error.message).toContain("206 Partial Content, a part that was not requested");
  expect(await readFile(path, "utf8")).toBe("whole");
  const headers = { Range: "bytes=5-7" };
  const { bytes } = await download(own.url("/"), path, { headers, timeout: 5000 });
  expect([bytes, await readFile(path, "utf8")]).toEqual([3, "abc"]);
});
