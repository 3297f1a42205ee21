// What the examples in connections/ and protocols/ do, beyond what their heads say.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { useServer } from "../use.ts";
import { libcurl } from "../versions.ts";
import { mailServer } from "./servers.ts";
import { example, EXAMPLES } from "./support.ts";

const server = useServer("http", "ftp", "socks", "unix", "mtls", "lines");

test("ftp.ts lists a folder and gets a file", async () => {
  const listed = await example("protocols/ftp.ts", server.url("/dir/", "ftp"));
  expect(listed).toMatchObject({ code: 0, stdout: "a.txt\nb.txt\n" });
  const got = await example("protocols/ftp.ts", server.url("/hello.txt", "ftp"));
  expect(got).toMatchObject({ code: 0, stdout: "hello from ftp\n" });
});

test("ftp.ts reads a local file", async () => {
  const here = new URL("http/get.ts", EXAMPLES);
  const { stdout } = await example("protocols/ftp.ts", here.href);
  expect(stdout).toBe(await readFile(here, "utf8"));
});

test("socks.ts goes through the proxy, which looks the name up", async () => {
  const proxy = `socks5h://127.0.0.1:${server.socks}`;
  const url = server.url("/small").replace("127.0.0.1", "localhost");
  const { code, stdout, stderr } = await example("connections/socks.ts", url, proxy);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^200 by 127\.0\.0\.1:\d+ in \d+ ms\n$/),
  ]);
  expect(stdout).toContain('"ok":true');
  const seen = await (await globalThis.fetch(server.url("/stats/all"))).json();
  expect(seen.socks.targets).toContain(`domain localhost:${server.http}`);
});

test("unix_socket.ts talks to a local service", async () => {
  const { code, stdout, stderr } = await example(
    "connections/unix_socket.ts",
    server.unix,
    "/echo",
  );
  expect([code, stderr]).toEqual([0, "200 OK\n"]);
  expect(JSON.parse(stdout)).toMatchObject({ method: "GET", url: "/echo" });
});

const { caBlob } = libcurl;
test.skipIf(!caBlob.holds)(
  `client_certificate.ts shows who it is${caBlob.note}`,
  async () => {
    const args = [server.url("/echo", "mtls"), server.clientCert, server.clientKey, server.ca];
    const { code, stdout, stderr } = await example("connections/client_certificate.ts", ...args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).tls.client).toBeTruthy();
    expect(stderr).toMatch(/^Subject:/);
  },
);

test("connect_only.ts talks a protocol of its own", async () => {
  const { code, stdout, stderr } = await example(
    "protocols/connect_only.ts",
    `http://127.0.0.1:${server.lines}`,
    "one",
    "two",
    "quit",
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("hello\r\nONE\r\nTWO\r\nbye\r\n");
  const failed = await example("protocols/connect_only.ts", "http://127.0.0.1:1/");
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stderr).toMatch(/^CURLE_COULDNT_CONNECT: /);
});

// what it does where it can is in test/http/websocket
test("websocket.ts says what went wrong, or what it needs", async () => {
  const { code, stderr } = await example("protocols/websocket.ts", "ws://127.0.0.1:1/", "x");
  expect(code).toBe(1);
  expect(stderr).toMatch(/closed: 1006|needs libcurl 8\.14/);
});

test("mail.ts sends a mail", async () => {
  await using server = await mailServer();
  const args = ["me@x.test", "a@x.test", "b@x.test"];
  const url = `smtp://127.0.0.1:${server.port}`;
  const { code, stdout, stderr } = await example("protocols/mail.ts", url, ...args);
  expect([code, stdout, stderr]).toEqual([0, "250: sent to a@x.test, b@x.test\n", ""]);
  const mail = server.mail(), to = "To: <a@x.test>, <b@x.test>";
  for (const line of ["MAIL FROM:<me@x.test>", "RCPT TO:<b@x.test>", to]) {
    expect(mail).toContain(`${line}\r\n`);
  }
  expect(mail).toContain("\r\n\r\nGrüße from curlew\r\n.\r\n");
});
