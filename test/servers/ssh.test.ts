// SFTP and SCP on OpenSSH.
import { Buffer } from "node:buffer";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  download,
  type EasyCallbacks,
  type EasyOptions,
  type HostKey,
  upload,
  versionInfo,
} from "../../mod.ts";
import { commonTests, REFUSED } from "./common.ts";
import * as tools from "./support.ts";

const { codeName, dir, failures, Kept, onAgent, onServer, perform, same, sending, served } = tools;
const { text, unique, utf8 } = tools;
const { CURLKHMATCH_OK, CURLKHMATCH_MISMATCH, CURLKHMATCH_MISSING } = constants;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "curlew-ssh-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Who builds libcurl may leave SSH out. */
const has = versionInfo().protocols.includes("sftp");
const note = has ? "" : " [NOT RUN: this libcurl has no SSH]";

onServer("sshd", `ssh${note}`, (server) => {
  if (!has) return void test.skip("sftp", () => {});
  const { port, user, knownHosts } = server;
  const login: EasyOptions = {
    USERNAME: user,
    SSH_PRIVATE_KEYFILE: server.key,
    SSH_PUBLIC_KEYFILE: server.publicKey,
    SSH_AUTH_TYPES: constants.CURLSSH_AUTH_PUBLICKEY,
    SSH_KNOWNHOSTS: knownHosts,
  };
  const at = (scheme: string, path: string) => `${scheme}://127.0.0.1:${port}${path}`;
  const www = (name: string) => join(dir, "www", name);
  const sftp = (name: string): EasyOptions => ({ ...login, URL: at("sftp", www(name)) });
  const stranger = {
    SSH_PRIVATE_KEYFILE: server.strangerKey,
    SSH_PUBLIC_KEYFILE: server.strangerPublicKey,
  };

  for (
    const [scheme, missing] of [["sftp", "CURLE_REMOTE_FILE_NOT_FOUND"], [
      "scp",
      "CURLE_REMOTE_FILE_NOT_FOUND",
    ]]
  ) {
    const options = (name: string) => ({ ...login, URL: at(scheme!, www(name)) });
    const failing = {
      "a missing file": [() => options("none"), missing!],
      "a key that is not authorized": [
        () => ({ ...options("small.txt"), ...stranger }),
        "CURLE_LOGIN_DENIED",
      ],
      "an unknown host": [
        () => ({ ...options("small.txt"), SSH_KNOWNHOSTS: "/dev/null" }),
        "CURLE_PEER_FAILED_VERIFICATION",
      ],
      "nobody there": [
        () => ({ ...login, URL: `${scheme}://${REFUSED}/x` }),
        "CURLE_COULDNT_CONNECT",
      ],
    } as const;

    describe(`${scheme}: small files`, () => {
      const kept = scheme === "sftp" ? 50 : 10;
      commonTests({ get: () => options("small.txt"), check: served("small.txt"), failing, kept });
    });

    describe(`${scheme}: 8 MiB`, () => {
      const get = () => options("8m.bin");
      commonTests({ get, check: served("8m.bin"), failing: {}, atOnce: 3, kept: 3 });
    });

    test(`${scheme}: an upload of 8 MiB, as the server has it`, async () => {
      await using agent = new Agent();
      for (const send of [perform, (all: EasyOptions) => onAgent(agent, all)]) {
        const path = join(folder, unique("up"));
        await send({ ...login, URL: at(scheme!, path), ...sending(served("8m.bin")) });
        expect(same(await readFile(path), served("8m.bin"))).toBe(true);
      }
    });

    test(`${scheme}: upload of bytes, a stream and a file`, async () => {
      await using agent = new Agent();
      const whole = new Uint8Array(served("8m.bin")), file = join(folder, unique("source"));
      await writeFile(file, whole);
      const sources = [whole, file, new Blob([whole])];
      // SCP wants to know the length
      if (scheme === "sftp") sources.push(new Blob([whole]).stream() as unknown as Blob);
      for (const source of sources) {
        const path = join(folder, unique("sent"));
        const { bytes } = await upload(source, at(scheme!, path), { agent, curl: login });
        expect(bytes).toBe(whole.length);
        expect(same(await readFile(path), whole)).toBe(true);
      }
    });

    test(`${scheme}: where it is not to be written`, async () => {
      const options = () => ({ ...login, URL: at(scheme!, "/none/new"), ...sending(utf8("x")) });
      const code = scheme === "sftp" ? "CURLE_REMOTE_FILE_NOT_FOUND" : "CURLE_UPLOAD_FAILED";
      expect(await failures(options)).toEqual([code, code]);
    });
  }

  test("sftp: a listing, a part, commands, times", async () => {
    await using agent = new Agent();
    const names = { ...login, URL: at("sftp", `${join(dir, "www")}/`), DIRLISTONLY: true };
    expect(text(await onAgent(agent, names)).split("\n")).toContain("8m.bin");
    const full = text(await onAgent(agent, { ...names, DIRLISTONLY: false }));
    expect(full).toMatch(/^-rw.* 8388608 .* 8m\.bin$/m);
    const whole = served("8m.bin");
    const part = await onAgent(agent, { ...sftp("8m.bin"), RANGE: "1000000-1999999" });
    expect(same(part, whole.subarray(1_000_000, 2_000_000))).toBe(true);
    const rest = await onAgent(agent, { ...sftp("8m.bin"), RESUME_FROM_LARGE: 8_000_000 });
    expect(same(rest, whole.subarray(8_000_000))).toBe(true);
    const path = join(folder, unique("dir"));
    await onAgent(agent, {
      ...login,
      URL: at("sftp", join(path, "deep/file")),
      ...sending(utf8("deep")),
      FTP_CREATE_MISSING_DIRS: 1,
      POSTQUOTE: [`rename "${path}/deep/file" "${path}/deep/renamed"`],
    });
    expect(await readFile(join(path, "deep/renamed"), "utf8")).toBe("deep");
    const bad = { ...sftp("small.txt"), QUOTE: ["rm /none"] };
    expect(await codeName(() => onAgent(agent, bad))).toBe("CURLE_QUOTE_ERROR");
  });

  test("sftp: an upload that goes on, and one that is appended", async () => {
    await using agent = new Agent();
    const whole = served("8m.bin"), path = join(folder, unique("on"));
    await writeFile(path, whole);
    await truncate(path, 5_000_000);
    using easy = new Kept({
      ...login,
      URL: at("sftp", path),
      ...sending(whole),
      RESUME_FROM_LARGE: -1,
    });
    await agent.perform(easy);
    expect(same(await readFile(path), whole)).toBe(true);
    expect(easy.getInfo("SIZE_UPLOAD_T")).toBe(whole.length - 5_000_000);
    await onAgent(agent, {
      ...login,
      URL: at("sftp", path),
      ...sending(utf8("more")),
      APPEND: true,
    });
    expect(text((await readFile(path)).subarray(whole.length))).toBe("more");
  });

  test("sftp: download, stopped and resumed", async () => {
    await using agent = new Agent();
    const path = join(folder, unique("got"));
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 1_000_000) throw new Error("enough");
    };
    const curl = { ...login, MAX_RECV_SPEED_LARGE: 4_000_000 };
    const url = at("sftp", www("8m.bin"));
    await expect(download(url, path, { agent, onProgress, curl })).rejects.toThrow();
    const got = await download(url, path, { agent, curl: login });
    expect(got).toMatchObject({ resumed: true, bytes: 8 << 20 });
    expect(same(await readFile(path), served("8m.bin"))).toBe(true);
  });

  test("scp: download", async () => {
    await using agent = new Agent();
    const path = join(folder, unique("copied"));
    await download(at("scp", www("8m.bin")), path, { agent, curl: login });
    expect(same(await readFile(path), served("8m.bin"))).toBe(true);
  });

  test("an abort in the middle leaves an agent that goes on", async () => {
    await using agent = new Agent();
    const stop = new AbortController();
    using easy = new Kept({
      ...sftp("8m.bin"),
      WRITEFUNCTION: (bytes) => {
        stop.abort(new Error("stopped"));
        return bytes.length;
      },
    });
    await expect(agent.perform(easy, { signal: stop.signal })).rejects.toThrow("stopped");
    expect(text(await onAgent(agent, sftp("small.txt")))).toBe("small\n");
  });

  describe("SSH_KEYFUNCTION", () => {
    interface Call {
      readonly known: HostKey | null;
      readonly found: HostKey | null;
      readonly match: number;
      readonly data: unknown;
    }

    /** A transfer that asks that function about the host, with that file of known hosts. */
    async function ask(
      hosts: string,
      answer: () => unknown,
    ): Promise<{ codes: string[]; calls: Call[]; causes: unknown[] }> {
      const calls: Call[] = [], causes: unknown[] = [], data = { mine: true };
      const SSH_KEYFUNCTION: EasyCallbacks["SSH_KEYFUNCTION"] = (
        easy,
        known,
        found,
        match,
        data,
      ) => {
        expect(easy).toBeInstanceOf(Kept);
        calls.push({ known, found, match, data });
        return answer() as number;
      };
      const options = { ...sftp("small.txt"), SSH_KNOWNHOSTS: hosts, SSH_KEYFUNCTION };
      const codes: string[] = [];
      await using agent = new Agent();
      for (const run of [perform, (all: EasyOptions) => onAgent(agent, all)]) {
        codes.push(
          await codeName(async () => {
            try {
              expect(text(await run({ ...options, SSH_KEYDATA: data }))).toBe("small\n");
            } catch (error) {
              causes.push((error as Error).cause);
              throw error;
            }
          }),
        );
      }
      return { codes, calls, causes };
    }

    /** A file of known hosts with that content. */
    async function hosts(content: string): Promise<string> {
      const path = join(folder, unique("hosts"));
      await writeFile(path, content);
      return path;
    }

    const OK = ["", ""], REFUSED_HOST = Array(2).fill("CURLE_PEER_FAILED_VERIFICATION");
    const ED25519 = constants.CURLKHTYPE_ED25519;

    test("gets the key that the server has, the one that is known, and how they compare", async () => {
      const { codes, calls } = await ask(knownHosts, () => constants.CURLKHSTAT_FINE);
      expect(codes).toEqual(OK);
      expect(calls).toHaveLength(2);
      for (const { known, found, match, data } of calls) {
        expect(known).toEqual({ key: server.hostKey, keytype: ED25519 });
        expect(found?.keytype).toBe(ED25519);
        expect([match, data]).toEqual([CURLKHMATCH_OK, { mine: true }]);
      }
    });

    test("of an unknown host", async () => {
      const empty = await hosts("");
      const fine = await ask(empty, () => constants.CURLKHSTAT_FINE);
      expect(fine.codes).toEqual(OK);
      expect(fine.calls.map(({ match, known }) => [match, known])).toEqual(
        Array(2).fill([CURLKHMATCH_MISSING, null]),
      );
      expect(await readFile(empty, "utf8")).toBe("");
      const rejected = await ask(empty, () => constants.CURLKHSTAT_REJECT);
      expect(rejected.codes).toEqual(REFUSED_HOST);
      const deferred = await ask(empty, () => constants.CURLKHSTAT_DEFER);
      expect(deferred.codes).toEqual(REFUSED_HOST);
      expect(deferred.calls).toHaveLength(2);
    });

    test("may have the host added to the file, so that it is known the next time", async () => {
      const file = await hosts("");
      const added = await ask(file, () => constants.CURLKHSTAT_FINE_ADD_TO_FILE);
      expect(added.codes).toEqual(OK);
      expect(added.calls.map(({ match }) => match)).toEqual([CURLKHMATCH_MISSING, CURLKHMATCH_OK]);
      expect(await readFile(file, "utf8")).toContain(server.hostKey);
    });

    test("of a host with another key than the known one", async () => {
      // any other valid key
      const other = Buffer.from(server.hostKey, "base64");
      other[other.length - 1]! ^= 1;
      const line = `[127.0.0.1]:${port} ssh-ed25519 ${other.toString("base64")}\n`;
      const file = await hosts(line);
      const rejected = await ask(file, () => constants.CURLKHSTAT_REJECT);
      expect(rejected.codes).toEqual(REFUSED_HOST);
      expect(rejected.calls.map(({ match }) => match)).toEqual(Array(2).fill(CURLKHMATCH_MISMATCH));
      const fine = await ask(file, () => constants.CURLKHSTAT_FINE);
      expect(fine.codes).toEqual(OK);
      expect(await readFile(file, "utf8")).toBe(line);
      const replaced = await ask(file, () => constants.CURLKHSTAT_FINE_REPLACE);
      expect(replaced.codes).toEqual(OK);
      expect(replaced.calls.map(({ match }) => match)).toEqual([
        CURLKHMATCH_MISMATCH,
        CURLKHMATCH_OK,
      ]);
      expect(await readFile(file, "utf8")).toContain(server.hostKey);
    });

    test("a throw, and a result that is no integer, refuse the host", async () => {
      const mine = new Error("mine");
      const thrown = await ask(knownHosts, () => {
        throw mine;
      });
      expect(thrown.codes).toEqual(REFUSED_HOST);
      expect(thrown.causes).toEqual([mine, mine]);
      const nonsense = await ask(knownHosts, () => Promise.resolve(0));
      expect(nonsense.codes).toEqual(REFUSED_HOST);
      expect(nonsense.causes).toEqual(Array(2).fill(expect.any(TypeError)));
    });
  });

  // curl's libssh2 backend only, since 7.84
  const { versionNum } = versionInfo();
  describe.runIf(versionNum >= 0x075400)("SSH_HOSTKEYFUNCTION [since 7.84]", () => {
    async function ask(
      answer: (keytype: number, key: Uint8Array) => unknown,
    ): Promise<{ codes: string[]; causes: unknown[]; data: unknown[] }> {
      const causes: unknown[] = [], seen: unknown[] = [], codes: string[] = [];
      const options: EasyOptions = {
        ...sftp("small.txt"),
        SSH_KNOWNHOSTS: null,
        SSH_HOSTKEYDATA: { mine: true },
        SSH_HOSTKEYFUNCTION: (data, keytype, key) => {
          seen.push(data);
          return answer(keytype, key) as number;
        },
      };
      await using agent = new Agent();
      for (const run of [perform, (all: EasyOptions) => onAgent(agent, all)]) {
        codes.push(
          await codeName(async () => {
            try {
              expect(text(await run(options))).toBe("small\n");
            } catch (error) {
              causes.push((error as Error).cause);
              throw error;
            }
          }),
        );
      }
      return { codes, causes, data: seen };
    }

    test("gets the server's key, and accepts it", async () => {
      const keys: [number, string][] = [];
      const { codes, data } = await ask((keytype, key) => {
        keys.push([keytype, Buffer.from(key).toString("base64")]);
        return CURLKHMATCH_OK;
      });
      expect([codes, data]).toEqual([["", ""], Array(2).fill({ mine: true })]);
      expect(keys).toEqual(Array(2).fill([constants.CURLKHTYPE_ED25519, server.hostKey]));
    });

    test("refuses it by any other result, by a throw and by nonsense", async () => {
      const refused = Array(2).fill("CURLE_PEER_FAILED_VERIFICATION");
      for (const answer of [CURLKHMATCH_MISMATCH, CURLKHMATCH_MISSING]) {
        expect((await ask(() => answer)).codes).toEqual(refused);
      }
      const mine = new Error("mine");
      const thrown = await ask(() => {
        throw mine;
      });
      expect([thrown.codes, thrown.causes]).toEqual([refused, [mine, mine]]);
      const nonsense = await ask(() => "yes");
      expect(nonsense.codes).toEqual(refused);
      expect(nonsense.causes).toEqual(Array(2).fill(expect.any(TypeError)));
    });
  });
});
