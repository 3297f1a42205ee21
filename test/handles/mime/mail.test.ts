// A Mime as a mail, over SMTP.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { Agent, Easy, Mime } from "../../../mod.ts";
import { findNode } from "../../server/node.ts";

interface Mail {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
}

const main = fileURLToPath(new URL("./mail_server.mjs", import.meta.url));
const child = spawn(findNode(), [main], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value as string;

let url: string, agent: Agent;
beforeAll(async () => {
  url = `smtp://127.0.0.1:${await next()}/client`;
  agent = new Agent();
});
afterAll(async () => {
  await agent.close();
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.stdin.end();
  await gone;
});

/** Sends what the handle has, and gives the mail that arrived. */
async function send(easy: Easy): Promise<Mail> {
  await agent.perform(easy);
  const { text, ...envelope } = JSON.parse(await next()) as Mail;
  return { ...envelope, text: text.replace(/-{24}[0-9A-Za-z]+/g, "BOUNDARY") };
}

function letter(mime: Mime, ...headers: string[]): Easy {
  const easy = new Easy();
  easy.setOpts({
    URL: url,
    TIMEOUT_MS: 10_000,
    NOPROXY: "*",
    MAIL_FROM: "<a@example.com>",
    MAIL_RCPT: ["<b@example.com>", "<c@example.com>"],
    HTTPHEADER: headers,
    MIMEPOST: mime,
  });
  return easy;
}

test("a mail has its headers, alternatives and an attachment in base64", async () => {
  const bodies = new Mime();
  bodies.addPart({ data: "plain text", type: "text/plain" });
  bodies.addPart({ data: "<b>grün</b>", type: "text/html", encoder: "quoted-printable" });
  using mime = new Mime();
  mime.addPart({ subparts: bodies, type: "multipart/alternative" });
  mime.addPart({ data: Uint8Array.of(0, 255, 10), filename: 'a "b".bin', encoder: "base64" });
  using easy = letter(mime, "Subject: two parts", "To: b@example.com");
  const { from, to, text } = await send(easy);
  expect([from, ...to]).toEqual(["a@example.com", "b@example.com", "c@example.com"]);
  expect(text.split("\r\n")).toEqual(expect.arrayContaining([
    "Content-Type: multipart/mixed; boundary=BOUNDARY",
    "Mime-Version: 1.0",
    "Subject: two parts",
    "Content-Type: multipart/alternative; boundary=BOUNDARY",
    "plain text",
    "Content-Transfer-Encoding: quoted-printable",
    "<b>gr=C3=BCn</b>",
    'Content-Disposition: attachment; filename="a \\"b\\".bin"',
    "AP8K",
    "--BOUNDARY--",
  ]));
});

test("headers may change between mails and their duplicates", async () => {
  // libcurl keeps a pointer to the list that a mail was sent with, and copies it from there
  using mime = new Mime().addPart({ data: "text" });
  const first = letter(mime, "Subject: one");
  expect((await send(first)).text).toContain("Subject: one");
  first.setOpt("HTTPHEADER", ["Subject: two"]);
  const second = first.duplicate();
  first.setOpt("HTTPHEADER", ["Subject: three"]);
  expect((await send(second)).text).toContain("Subject: two");
  expect((await send(first)).text).toContain("Subject: three");
  first.setOpt("HTTPHEADER", null);
  const third = first.duplicate(), fourth = second.duplicate();
  first.close();
  second.close();
  expect((await send(third)).text).not.toContain("Subject");
  expect((await send(fourth)).text).toContain("Subject: two");
  third.close();
  fourth.close();
});

test("headers that no mail was sent with are freed when others replace them", () => {
  using mime = new Mime().addPart({ data: "text" });
  using easy = letter(mime, "Subject: one");
  const before = live.lists;
  for (let i = 0; i < 100; i++) easy.setOpt("HTTPHEADER", [`Subject: ${i}`]);
  expect(live.lists).toBe(before);
});
