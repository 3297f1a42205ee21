// Minimal servers of mail, and of protocols with one request, which only send what a client needs.
import net from "node:net";
import { listen } from "./listen.mjs";

/** Replies to each line by the first row that matches it. */
function lineServer(greeting, rows) {
  return (socket) => {
    let rest = "", isData = false;
    if (greeting) socket.write(greeting);
    socket.on("data", (chunk) => {
      rest += chunk.toString("latin1");
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (isData && line !== ".") continue;
        const row = isData
          ? [null, "250 taken\r\n"]
          : rows.find(([pattern]) => pattern.test(line)) ?? [null, "500 what?\r\n"];
        isData = !isData && /^DATA/i.test(line) && row[1].startsWith("354");
        const answer = typeof row[1] === "function" ? row[1](line) : row[1];
        socket.write(answer);
        if (row[2]) socket.end();
      }
    });
  };
}

const SMTP = lineServer("220 test\r\n", [
  [/^EHLO/i, "250-test\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE 1000000\r\n250 SMTPUTF8\r\n"],
  [/^(HELO|MAIL|RCPT|NOOP|RSET|VRFY|EXPN|HELP)/i, "250 ok\r\n"],
  [/^AUTH PLAIN \S/i, "235 in\r\n"],
  [/^AUTH PLAIN/i, "334 \r\n"],
  [/^AUTH LOGIN/i, "334 VXNlcm5hbWU6\r\n"],
  [/^DATA/i, "354 go on\r\n"],
  [/^QUIT/i, "221 bye\r\n", true],
  [/^[A-Za-z0-9+/=]+$/, "235 in\r\n"],
]);

const tag = (line) => line.split(" ")[0];
const IMAP = lineServer("* OK test\r\n", [
  [/ CAPABILITY/i, (line) => `* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n${tag(line)} OK\r\n`],
  [/ AUTHENTICATE PLAIN/i, "+ \r\n"],
  [/ SELECT/i, (line) => `* OK [UIDVALIDITY 1] valid\r\n${tag(line)} OK selected\r\n`],
  [/ FETCH/i, (line) => `* 1 FETCH (BODY[] {5}\r\nhello)\r\n${tag(line)} OK\r\n`],
  [/ LIST/i, (line) => `* LIST () "/" INBOX\r\n${tag(line)} OK\r\n`],
  [/ SEARCH/i, (line) => `* SEARCH 1\r\n${tag(line)} OK\r\n`],
  [/ LOGOUT/i, (line) => `* BYE\r\n${tag(line)} OK\r\n`, true],
  [/ /, (line) => `${tag(line)} OK\r\n`],
  [/^\S+$/, "A002 OK\r\n"],
]);

const POP3 = lineServer("+OK test\r\n", [
  [/^CAPA/i, "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n"],
  [/^AUTH PLAIN/i, "+ \r\n"],
  [/^LIST$/i, "+OK\r\n1 5\r\n.\r\n"],
  [/^(RETR|TOP|UIDL|LIST)/i, "+OK\r\nhello\r\n.\r\n"],
  [/^QUIT/i, "+OK\r\n", true],
  [/./, "+OK\r\n"],
]);

const DICT = lineServer("220 test\r\n", [
  [/^QUIT/i, "221 bye\r\n", true],
  [/^CLIENT/i, "250 ok\r\n"],
  [/./, "552 no match\r\n"],
]);

/** Replies to the first line, then closes. */
function oneAnswer(text) {
  return (socket) => {
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      if (got.includes("\n")) socket.end(text);
    });
  };
}

const RTSP = (socket) => {
  let got = "";
  socket.on("data", (chunk) => {
    got += chunk.toString("latin1");
    const sequence = /CSeq: (\d+)\r\n/i.exec(got)?.[1];
    if (!got.includes("\r\n\r\n")) return;
    got = "";
    socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\nPublic: OPTIONS\r\n\r\n`);
  });
};

export const SCRIPTS = {
  smtp: SMTP,
  imap: IMAP,
  pop3: POP3,
  dict: DICT,
  gopher: oneAnswer("hello from gopher\r\n.\r\n"),
  rtsp: RTSP,
  /** Accepts any line, replies with one line, and closes. */
  telnet: oneAnswer("hello\r\n"),
};

export async function startScript(name) {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    SCRIPTS[name](socket);
  });
  return await listen(server);
}
