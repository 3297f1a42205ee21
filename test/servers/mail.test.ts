// Mail: SMTP to npm's smtp-server, IMAP and POP3 on dovecot.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent, constants, download, type EasyOptions, upload } from "../../mod.ts";
import { commonTests, REFUSED } from "./common.ts";
import * as tools from "./support.ts";

const { certs, codeName, Kept, onAgent, onServer, perform, sending, text, unique, utf8 } = tools;
const { CURLUSESSL_ALL, CURL_IPRESOLVE_V4 } = constants;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "curlew-mail-"));
});
afterAll(() => rm(folder, { recursive: true }));

const LOGIN = "user:pass";
const TLS: EasyOptions = { CAINFO: certs.ca, IPRESOLVE: CURL_IPRESOLVE_V4 };

/** A message with lines of dots, which the protocols have to escape. */
function message(subject: string, length = 100): string {
  const line = "..a line of the message.\r\n.\r\n";
  return `Subject: ${subject}\r\n\r\n${line.repeat(Math.ceil(length / line.length))}`;
}

interface Mail {
  readonly from: string;
  readonly to: string[];
  readonly secure: boolean;
  readonly user: string | null;
  readonly session: string;
  readonly data: string;
}

onServer("smtp", "smtp", ({ port, secure, folder: mails }) => {
  const plain = `smtp://127.0.0.1:${port}/tester`;
  const starttls = { ...TLS, USE_SSL: CURLUSESSL_ALL, USERPWD: LOGIN };
  const forms: Record<string, [url: string, options: EasyOptions]> = {
    "plain": [plain, {}],
    "STARTTLS with a login": [`smtp://localhost:${port}/tester`, starttls],
    "smtps with a login": [`smtps://localhost:${secure}/tester`, { ...TLS, USERPWD: LOGIN }],
  };

  /** What the server got for that recipient. */
  async function arrived(recipient: string): Promise<Mail> {
    return JSON.parse(await readFile(join(mails, `${recipient}.json`), "utf8"));
  }

  function mailing(url: string, to: string[], body: string): EasyOptions {
    return { URL: url, MAIL_FROM: "from@x.test", MAIL_RCPT: to, ...sending(utf8(body)) };
  }

  for (const [name, [url, options]] of Object.entries(forms)) {
    describe(name, () => {
      const to = (user = unique("to")) => [`${user}@x.test`];
      const failing: Record<string, readonly [() => EasyOptions, string]> = {
        "a refused recipient": [
          () => ({ ...options, ...mailing(url, ["refused@x.test"], message("no")) }),
          "CURLE_SEND_ERROR",
        ],
        "nobody there": [
          () => mailing(`smtp://${REFUSED}`, to(), message("no")),
          "CURLE_COULDNT_CONNECT",
        ],
      };
      if (options.USERPWD) {
        failing["a wrong password"] = [
          () => ({ ...options, ...mailing(url, to(), "x"), USERPWD: "user:wrong" }),
          "CURLE_LOGIN_DENIED",
        ];
      }
      commonTests({
        get: () => ({ ...options, ...mailing(url, to(), message("hello")) }),
        check: (bytes) => expect(bytes).toHaveLength(0),
        failing,
        kept: 20,
      });

      test("several recipients, and what arrives", async () => {
        await using agent = new Agent();
        const first = `${unique("first")}@x.test`, body = message("several", 3_000_000);
        await onAgent(agent, {
          ...options,
          ...mailing(url, [first, "b@x.test", "c@x.test"], body),
        });
        const mail = await arrived(first);
        expect(mail).toMatchObject({
          from: "from@x.test",
          to: [first, "b@x.test", "c@x.test"],
          secure: name !== "plain",
          user: name === "plain" ? null : "user",
        });
        expect(mail.data === body, "the same message").toBe(true);
      });

      test("upload of bytes, a file and a stream", async () => {
        await using agent = new Agent();
        const body = message("upload", 500_000), path = join(folder, unique("mail"));
        await writeFile(path, body);
        for (const source of [utf8(body), path, new Blob([body]).stream()]) {
          const recipient = `${unique("up")}@x.test`;
          const curl = { ...options, MAIL_FROM: "me@x.test", MAIL_RCPT: [recipient] };
          const { status } = await upload(source, url, { agent, curl });
          expect(status).toBe(250);
          expect((await arrived(recipient)).data === body).toBe(true);
        }
      });
    });
  }

  test("the mails of a kept connection come in one session", async () => {
    await using agent = new Agent();
    const sessions = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const to = `${unique("session")}@x.test`;
      await onAgent(agent, mailing(plain, [to], message("one of five")));
      sessions.add((await arrived(to)).session);
    }
    expect(sessions.size).toBe(1);
  });

  test("a refused recipient among others may be allowed", async () => {
    await using agent = new Agent();
    const to = `${unique("good")}@x.test`;
    const options = mailing(plain, [to, "refused@x.test"], message("half"));
    await onAgent(agent, { ...options, MAIL_RCPT_ALLLOWFAILS: true });
    expect((await arrived(to)).to).toEqual([to]);
  });
});

onServer("dovecot", "imap", ({ imap, imaps }) => {
  const boxes: Record<string, [base: string, options: EasyOptions]> = {
    plain: [`imap://127.0.0.1:${imap}`, {}],
    STARTTLS: [`imap://localhost:${imap}`, { ...TLS, USE_SSL: CURLUSESSL_ALL }],
    imaps: [`imaps://localhost:${imaps}`, TLS],
  };

  for (const [name, [base, tls]] of Object.entries(boxes)) {
    describe(name, () => {
      const body = message("appended", 20_000), owner = unique("imap");
      const options: EasyOptions = { ...tls, USERPWD: `${owner}:pass` };
      const append = () => ({ ...options, URL: `${base}/INBOX`, ...sending(utf8(body)) });
      beforeAll(() => void perform(append()));

      commonTests({
        get: () => ({ ...options, URL: `${base}/INBOX;MAILINDEX=1` }),
        check: utf8(body),
        failing: {
          "a wrong password": [
            () => ({ ...options, URL: `${base}/INBOX`, USERPWD: "user:wrong" }),
            "CURLE_LOGIN_DENIED",
          ],
          "a missing mailbox": [
            () => ({ ...options, URL: `${base}/None;MAILINDEX=1` }),
            "CURLE_LOGIN_DENIED", // what curl calls it where SELECT is refused
          ],
          "nobody there": [() => ({ URL: `imap://${REFUSED}/` }), "CURLE_COULDNT_CONNECT"],
        },
        atOnce: 10,
        kept: 100,
      });

      test("LIST, APPEND, SEARCH, FETCH and other commands", async () => {
        await using agent = new Agent();
        const other = { ...options, USERPWD: `${unique("other")}:pass` };
        const ask = async (path: string, command: string) =>
          text(await onAgent(agent, { ...other, URL: base + path, CUSTOMREQUEST: command }));
        await ask("/", "CREATE Box");
        expect(text(await onAgent(agent, { ...other, URL: `${base}/` }))).toMatch(
          /^\* LIST .* Box/m,
        );
        for (const subject of ["first", "second", "third"]) {
          const all = sending(utf8(message(subject)));
          await onAgent(agent, { ...other, URL: `${base}/Box`, ...all });
        }
        expect(await ask("/Box", "SEARCH SUBJECT second")).toBe("* SEARCH 2\r\n");
        const found = text(await onAgent(agent, { ...other, URL: `${base}/Box?ALL` }));
        expect(found).toBe("* SEARCH 1 2 3\r\n");
        const section = { ...other, URL: `${base}/Box;MAILINDEX=3;SECTION=HEADER` };
        expect(text(await onAgent(agent, section))).toBe("Subject: third\r\n\r\n");
        const byUid = text(await onAgent(agent, { ...other, URL: `${base}/Box;UID=2` }));
        expect(byUid).toBe(message("second"));
        expect(await ask("/Box", "STORE 1 +FLAGS (\\Deleted)")).toMatch(/^\* 1 FETCH .*Deleted/);
        expect(await ask("/Box", "EXPUNGE")).toMatch(/^\* 1 EXPUNGE/);
        expect(await ask("/Box", "SEARCH ALL")).toBe("* SEARCH 1 2\r\n");
      });

      test("upload appends, download fetches", async () => {
        await using agent = new Agent();
        const curl = { ...tls, USERPWD: `${unique("files")}:pass` };
        const big = message("big", 8_000_000), path = join(folder, unique("mail"));
        await writeFile(path, big);
        for (const source of [path, utf8(big)]) {
          const { bytes } = await upload(source, `${base}/INBOX`, { agent, curl });
          expect(bytes).toBe(big.length);
        }
        await download(`${base}/INBOX;MAILINDEX=2`, path, { agent, curl });
        expect(await readFile(path, "utf8") === big).toBe(true);
      });
    });
  }
});

onServer("dovecot", "pop3", ({ imap, pop3, pop3s }) => {
  const boxes: Record<string, [base: string, options: EasyOptions]> = {
    plain: [`pop3://127.0.0.1:${pop3}`, {}],
    STLS: [`pop3://localhost:${pop3}`, { ...TLS, USE_SSL: CURLUSESSL_ALL }],
    pop3s: [`pop3s://localhost:${pop3s}`, TLS],
  };

  for (const [name, [base, tls]] of Object.entries(boxes)) {
    describe(name, () => {
      const body = message("to be fetched", 1_000_000), owner = unique("pop");
      // it locks a mailbox: each transfer of several at once needs one of its own
      const owners = Array.from({ length: 10 }, (_, i) => `${owner}-${i}:pass`);
      const options: EasyOptions = { ...tls, USERPWD: owners[0]! };
      beforeAll(() => {
        for (const USERPWD of owners) {
          perform({ USERPWD, URL: `imap://127.0.0.1:${imap}/INBOX`, ...sending(utf8(body)) });
        }
      });

      commonTests({
        get: () => ({ ...options, URL: `${base}/1` }),
        check: utf8(body),
        failing: {
          "a wrong password": [
            () => ({ ...options, URL: `${base}/1`, USERPWD: "user:wrong" }),
            "CURLE_LOGIN_DENIED",
          ],
          "a missing message": [
            () => ({ ...options, URL: `${base}/7` }),
            "CURLE_WEIRD_SERVER_REPLY",
          ],
          "nobody there": [() => ({ URL: `pop3://${REFUSED}/` }), "CURLE_COULDNT_CONNECT"],
        },
        kept: 50,
      });

      test("several mailboxes at the same time", async () => {
        await using agent = new Agent();
        const all = owners.map((USERPWD) => onAgent(agent, { ...tls, USERPWD, URL: `${base}/1` }));
        for (const bytes of await Promise.all(all)) expect(text(bytes) === body).toBe(true);
      });

      test("LIST, TOP, STAT and DELE", async () => {
        const run = async (path: string, more: EasyOptions = {}) => {
          await using agent = new Agent(); // a session's changes count when it ends
          return text(await onAgent(agent, { ...options, URL: base + path, ...more }));
        };
        expect(await run("/")).toMatch(/^1 \d+\r\n$/);
        expect(await run("/", { CUSTOMREQUEST: "TOP 1 0" })).toBe("Subject: to be fetched\r\n\r\n");
        using stat = new Kept({ ...options, URL: base, CUSTOMREQUEST: "STAT", NOBODY: true });
        stat.perform();
        expect(await run("/1", { CUSTOMREQUEST: "DELE", NOBODY: true })).toBe("");
        expect(await codeName(() => run("/1"))).not.toBe("");
      });
    });
  }
});
