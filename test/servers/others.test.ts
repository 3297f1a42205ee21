// LDAP on slapd, MQTT on mosquitto, TFTP on tftpd-hpa, DICT on dictd, Gopher on gophernicus,
// Telnet on inetutils' telnetd, RTSP on a script of ours, and files.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  download,
  Easy,
  type EasyOptions,
  upload,
  versionInfo,
} from "../../mod.ts";
import { commonTests, REFUSED } from "./common.ts";
import * as tools from "./support.ts";

const { certs, codeName, dir, Kept, onAgent, onServer, perform, same, sending, served } = tools;
const { text, unique, utf8 } = tools;

onServer("slapd", "ldap", ({ ldap, ldaps }) => {
  const bob = "/dc=x?cn,mail?sub?(cn=bob)";
  const found = "DN: cn=bob,dc=x\n\tcn: bob\n\n\tmail: bob@example.com\n\n\n";
  const check = (bytes: Uint8Array) => expect(text(bytes)).toBe(found);
  const admin = { USERNAME: "cn=admin,dc=x", PASSWORD: "pass" };

  describe("plain", () => {
    const base = `ldap://127.0.0.1:${ldap}`;
    commonTests({
      get: () => ({ URL: base + bob }),
      check,
      failing: {
        "a wrong password": [
          () => ({ ...admin, URL: base + bob, PASSWORD: "wrong" }),
          "CURLE_LOGIN_DENIED",
        ],
        "a missing entry": [
          () => ({ URL: `${base}/dc=none?cn?sub?(cn=bob)` }),
          "CURLE_LDAP_SEARCH_FAILED",
        ],
        "nobody there": [() => ({ URL: `ldap://${REFUSED}/` }), "CURLE_COULDNT_CONNECT"],
      },
    });

    test("a login, all entries, binary values", async () => {
      await using agent = new Agent();
      const all = text(await onAgent(agent, { ...admin, URL: `${base}/dc=x??sub` }));
      expect(all.match(/^DN: /gm)).toHaveLength(3);
      expect(all).toContain("jpegPhoto:: AAECA/8=");
      expect(all).toContain("mail: ann@example.com");
    });
  });

  describe("ldaps", () => {
    const options = { CAINFO: certs.ca, IPRESOLVE: constants.CURL_IPRESOLVE_V4 };
    const base = `ldaps://localhost:${ldaps}`;
    commonTests({
      get: () => ({ ...options, URL: base + bob }),
      check,
      failing: {
        "an unknown authority": [
          () => ({ ...options, URL: base + bob, CAINFO: certs.clientCert }),
          "CURLE_PEER_FAILED_VERIFICATION",
        ],
      },
    });

    // a kept one would point to the handle that opened it, which is closed by then
    test("each handle has a connection of its own", async () => {
      await using agent = new Agent();
      let connections = 0;
      for (let i = 0; i < 20; i++) {
        using easy = new Kept({ ...options, URL: base + bob });
        await agent.perform(easy);
        check(easy.bytes);
        connections += easy.getInfo("NUM_CONNECTS");
      }
      expect(connections).toBe(20);
    });
  });
});

onServer("mosquitto", "mqtt", ({ port, auth }) => {
  const at = (topic: string, number = port) => `mqtt://127.0.0.1:${number}/${topic}`;

  describe("publish", () => {
    commonTests({
      get: () => ({ URL: at("nobody/listens"), POSTFIELDS: "a message" }),
      check: new Uint8Array(),
      failing: {
        "a wrong password": [
          () => ({ URL: at("x", auth), POSTFIELDS: "x", USERPWD: "user:wrong" }),
          "CURLE_WEIRD_SERVER_REPLY",
        ],
        "nobody there": [
          () => ({ URL: `mqtt://${REFUSED}/x`, POSTFIELDS: "x" }),
          "CURLE_COULDNT_CONNECT",
        ],
      },
    });
  });

  /** What libcurl writes for a message: the topic, after its length in two bytes, and the rest. */
  function unpack(got: string, topic: string): string {
    return got.replaceAll(`\0${String.fromCharCode(topic.length)}${topic}`, "");
  }

  /** A subscription, what it got, and its end. */
  function subscribe(agent: Agent, topic: string): { text: () => string; end: Promise<string> } {
    let got = "";
    const stop = new AbortController();
    const easy = new Easy();
    easy.setOpts({
      URL: at(topic),
      TIMEOUT_MS: 20_000,
      WRITEFUNCTION: (bytes) => {
        got += text(bytes);
        if (got.endsWith("last")) stop.abort(new Error("enough"));
        return bytes.length;
      },
    });
    const done = agent.perform(easy, { signal: stop.signal });
    const end = done.then(() => "done", (error) => error.message).finally(() => easy.close());
    return { text: () => got, end };
  }

  test("what is published reaches those who have subscribed, on the same agent", async () => {
    await using agent = new Agent();
    const topic = unique("topic"), both = [subscribe(agent, topic), subscribe(agent, topic)];
    const big = "x".repeat(100_000),
      publish = (body: string) => onAgent(agent, { URL: at(topic), POSTFIELDS: body });
    // a subscription says nothing when it is there
    for (let i = 0; i < 500 && !both.every(({ text }) => text() !== ""); i++) {
      await publish("first ");
    }
    await publish(big);
    await publish("last");
    expect(await Promise.all(both.map(({ end }) => end))).toEqual(["enough", "enough"]);
    for (const { text } of both) {
      expect(unpack(text(), topic)).toMatch(/^(?:first )+x{100000}last$/);
    }
  });

  test("with a login", async () => {
    await using agent = new Agent();
    const options = { URL: at("known", auth), POSTFIELDS: "x", USERPWD: "user:pass" };
    expect(await onAgent(agent, options)).toHaveLength(0);
  });
});

onServer("tftpd", "tftp", ({ port, root }) => {
  const at = (name: string) => `tftp://127.0.0.1:${port}/${name}`;

  describe("1 MiB", () => {
    commonTests({
      get: () => ({ URL: at("1m.bin"), TFTP_BLKSIZE: 8192 }),
      check: served("1m.bin"),
      failing: {
        "a missing file": [() => ({ URL: at("none") }), "CURLE_TFTP_NOTFOUND"],
        "a file that is not to be written": [
          () => ({ URL: at("none/x"), ...sending(utf8("x")) }),
          "CURLE_TFTP_NOTFOUND",
        ],
      },
      atOnce: 5,
    });
  });

  test("put, as the server has it", async () => {
    await using agent = new Agent();
    for (const run of [perform, (all: EasyOptions) => onAgent(agent, all)]) {
      const name = unique("put");
      await run({ URL: at(name), TFTP_BLKSIZE: 1024, ...sending(served("1m.bin")) });
      expect(same(await readFile(join(root, name)), served("1m.bin"))).toBe(true);
    }
  });

  test("download and upload", async () => {
    await using agent = new Agent();
    const name = unique("file"), path = join(root, `${name}.got`);
    const { bytes } = await upload(new Uint8Array(served("1m.bin")), at(name), { agent });
    expect(bytes).toBe(1 << 20);
    await download(at(name), path, { agent });
    expect(same(await readFile(path), served("1m.bin"))).toBe(true);
  });
});

onServer("dictd", "dict", ({ port }) => {
  const at = (path: string) => `dict://127.0.0.1:${port}${path}`;
  commonTests({
    get: () => ({ URL: at("/d:curlew") }),
    check: (bytes) => expect(text(bytes)).toContain("a wading bird with a long bill"),
    failing: {
      "nobody there": [() => ({ URL: `dict://${REFUSED}/d:x` }), "CURLE_COULDNT_CONNECT"],
    },
  });

  test("a match, and a word that is not there", async () => {
    await using agent = new Agent();
    expect(text(await onAgent(agent, { URL: at("/m:curl:*:prefix") }))).toContain('test "curlew"');
    expect(text(await onAgent(agent, { URL: at("/d:nonsense") }))).toContain("552 no match");
  });
});

onServer("gophernicus", "gopher", ({ port, root }) => {
  const at = (path: string) => `gopher://127.0.0.1:${port}${path}`;
  commonTests({
    get: () => ({ URL: at("/9/data.bin") }),
    check: (bytes) => expect(bytes).toHaveLength(300_000),
    failing: {
      "nobody there": [() => ({ URL: `gopher://${REFUSED}/` }), "CURLE_COULDNT_CONNECT"],
    },
  });

  test("a menu, a text, bytes", async () => {
    await using agent = new Agent();
    expect(text(await onAgent(agent, { URL: at("/") }))).toMatch(/^9data\.bin /m);
    expect(text(await onAgent(agent, { URL: at("/0/hello.txt") }))).toContain("hello from gopher");
    const data = await onAgent(agent, { URL: at("/9/data.bin") });
    expect(same(data, await readFile(join(root, "data.bin")))).toBe(true);
  });
});

onServer("telnetd", "telnet", ({ port }) => {
  // libcurl blocks while it speaks Telnet: an agent's loop stands still
  test("what is typed comes back; a blocking protocol", () => {
    let typed = 0, got = "";
    const lines = ["hello telnet\n", "\x04"];
    using easy = new Easy();
    easy.setOpts({
      URL: `telnet://127.0.0.1:${port}`,
      TIMEOUT_MS: 10_000,
      // the terminal echoes; the end of the file comes only once it did
      READFUNCTION: (buffer) => {
        if (typed === 0 && !got.includes("\n")) return 0;
        const line = utf8(typed === 1 && !got.includes("hello") ? "" : lines[typed++] ?? "");
        buffer.set(line);
        return line.length;
      },
      WRITEFUNCTION: (bytes) => {
        got += text(bytes);
        // two lines: as typed, and as /bin/cat says it
        return got.split("hello telnet").length > 2 ? 0 : bytes.length;
      },
    });
    expect(() => easy.perform()).toThrow(expect.objectContaining({ code: 23 }));
    expect(got.split("hello telnet").length).toBeGreaterThan(2);
  });

  test("nothing listens there", async () => {
    const options = { URL: `telnet://${REFUSED}` };
    expect(await tools.failures(() => options)).toEqual(Array(2).fill("CURLE_COULDNT_CONNECT"));
  });
});

onServer("rtsp", "rtsp, on a script", ({ port }) => {
  const uri = `rtsp://127.0.0.1:${port}/stream`;
  const request = (number: number, more: EasyOptions = {}): EasyOptions => ({
    URL: uri,
    RTSP_STREAM_URI: uri,
    RTSP_REQUEST: number,
    ...more,
  });
  const describing = () => request(constants.CURL_RTSPREQ_DESCRIBE);

  commonTests({
    get: describing,
    check: (bytes) => expect(text(bytes)).toMatch(/^v=0\r\n[^]*m=video 0 RTP\/AVP 96\r\n$/),
    failing: {
      "nobody there": [
        () => ({ ...describing(), URL: `rtsp://${REFUSED}/x` }),
        "CURLE_COULDNT_CONNECT",
      ],
      "a missing stream": [
        () => ({
          ...describing(),
          RTSP_STREAM_URI: uri.replace("stream", "none"),
          FAILONERROR: true,
        }),
        "CURLE_HTTP_RETURNED_ERROR",
      ],
    },
  });

  test("a session from its setup to its end", async () => {
    await using agent = new Agent();
    using easy = new Kept({});
    const run = async (number: number, more: EasyOptions = {}) => {
      easy.setOpts(request(number, more));
      await agent.perform(easy);
      return easy.getInfo("RESPONSE_CODE");
    };
    expect(await run(constants.CURL_RTSPREQ_OPTIONS)).toBe(200);
    const RTSP_TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1";
    expect(await run(constants.CURL_RTSPREQ_SETUP, { RTSP_TRANSPORT })).toBe(200);
    expect(easy.getInfo("RTSP_SESSION_ID")).toBe("12345");
    expect(await run(constants.CURL_RTSPREQ_PLAY)).toBe(200);
    expect(await run(constants.CURL_RTSPREQ_TEARDOWN)).toBe(200);
    expect(easy.getInfo("RTSP_CLIENT_CSEQ")).toBe(5);
  });
});

describe("file", () => {
  const url = (name: string) => pathToFileURL(join(dir, "www", name)).href;
  commonTests({
    get: () => ({ URL: url("64m.bin") }),
    check: served("64m.bin"),
    failing: {
      "a missing file": [() => ({ URL: url("none") }), "CURLE_FILE_COULDNT_READ_FILE"],
      "a folder that is not there": [
        () => ({ URL: "file:///none/x", ...sending(utf8("x")) }),
        "CURLE_WRITE_ERROR",
      ],
    },
    atOnce: 3,
  });

  test("an upload, and one that goes on", async () => {
    await using agent = new Agent();
    const path = join(dir, unique("up")), whole = served("8m.bin");
    await onAgent(agent, { URL: pathToFileURL(path).href, ...sending(whole) });
    expect(same(await readFile(path), whole)).toBe(true);
    await writeFile(path, whole.subarray(0, 5_000_000));
    const rest = { ...sending(whole), RESUME_FROM_LARGE: 5_000_000 };
    const code = await codeName(() => onAgent(agent, { URL: pathToFileURL(path).href, ...rest }));
    expect(code).toBe("");
    expect(same(await readFile(path), whole)).toBe(true);
  });
});

test("every protocol of this libcurl is tested here, or there is a reason", () => {
  const tested = ["dict", "file", "ftp", "ftps", "gopher", "http", "https", "imap", "imaps"];
  tested.push("ldap", "ldaps", "mqtt", "pop3", "pop3s", "rtsp", "scp", "sftp", "smtp", "smtps");
  tested.push("telnet", "tftp");
  const elsewhere = {
    gophers: "gopher's code over https' TLS; no server of the distribution has it",
    mqtts: "mqtt's code over https' TLS, since 8.20",
    ipfs: "names of gateways, for the command line only",
    ipns: "names of gateways, for the command line only",
    rtmp: "no server of the distribution streams; gone from libcurl in 8.20",
    smb: "only SMB1, which servers refuse; gone from libcurl in 8.20",
    ws: "test/ws and its like, on versions that have it",
  };
  const known = [...tested, ...Object.keys(elsewhere)];
  const left = versionInfo().protocols.filter((name) =>
    !known.includes(name) && !/^(?:rtmp.*|smbs|wss)$/.test(name)
  );
  expect(left).toEqual([]);
});
