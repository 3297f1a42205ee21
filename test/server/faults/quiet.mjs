// Servers of mail and FTP that answer every command except the closing one (QUIT, LOGOUT).
import net from "node:net";
import { listen } from "../listen.mjs";

const GOODBYE = /^(?:\S+ )?(?:QUIT|LOGOUT)\b/i;

/** For each protocol a function that returns the reply to each line; `null` for none. */
const PROTOCOLS = {
  smtp: {
    greeting: "220 hi",
    answers() {
      let inMail = false;
      return (line) => {
        if (inMail && line !== ".") return null;
        inMail = line === "DATA";
        return inMail ? "354 go" : "250 ok";
      };
    },
  },
  imap: {
    greeting: "* OK hi",
    answers: () => (line) => {
      const [tag, command = ""] = line.split(" ");
      return `${/^CAPABILITY/i.test(command) ? "* CAPABILITY IMAP4rev1\r\n" : ""}${tag} OK`;
    },
  },
  pop3: {
    greeting: "+OK hi",
    answers: () => (line) => {
      if (/^CAPA/i.test(line)) return "-ERR";
      return /^LIST/i.test(line) ? "+OK\r\n1 5\r\n." : "+OK";
    },
  },
  ftp: {
    greeting: "220 hi",
    answers: () => (line) => {
      if (/^PWD/i.test(line)) return '257 "/"';
      return /^USER/i.test(line) ? "331 password" : /^PASS/i.test(line) ? "230 in" : "200 ok";
    },
  },
};

function serve(socket, { greeting, answers }) {
  const answer = answers();
  let rest = "";
  socket.on("error", () => {});
  socket.write(`${greeting}\r\n`);
  socket.on("data", (data) => {
    const lines = (rest + data.toString("latin1")).split("\r\n");
    rest = lines.pop();
    for (const line of lines) {
      const reply = GOODBYE.test(line) ? null : answer(line);
      if (reply !== null) socket.write(`${reply}\r\n`);
    }
  });
}

/** Starts one server for each protocol; `quiet` has their ports by name. */
export async function startQuiet() {
  const quiet = {};
  for (const [name, protocol] of Object.entries(PROTOCOLS)) {
    quiet[name] = await listen(net.createServer((socket) => serve(socket, protocol)));
  }
  return { quiet };
}
