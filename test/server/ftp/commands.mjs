// The FTP commands; each gets the session and its argument.
import { Buffer } from "node:buffer";
import { posix } from "node:path";
import { files, folders, list, longLine } from "./tree.mjs";

async function store(session, arg, append) {
  const path = session.path(arg);
  const { offset } = session;
  session.offset = 0;
  if (!arg || !folders.has(posix.dirname(path))) return session.reply(553, "No such folder");
  const bytes = await session.receive();
  if (!bytes) return;
  const old = files.get(path) ?? Buffer.alloc(0);
  const kept = append ? old : old.subarray(0, offset);
  files.set(path, Buffer.concat([kept, bytes]));
  session.reply(226, "Stored");
}

async function listing(session, arg, line) {
  // libcurl sends no flags, but a user's CUSTOMREQUEST may be "LIST -a".
  const folder = session.path(arg.replace(/^-\S+ ?/, ""));
  const names = list(folder);
  if (!names) return session.reply(550, "No such folder");
  await session.send(Buffer.from(names.map((name) => `${line(folder, name)}\r\n`).join("")));
}

const port = (number) => `${number >> 8},${number & 255}`;

/** Replies `good(path)` where the file exists, 550 otherwise. */
function onFile(session, arg, good) {
  const path = session.path(arg);
  return files.has(path) ? good(path) : session.reply(550, "No such file");
}

export const COMMANDS = {
  USER(s, arg) {
    s.user = arg;
    s.reply(331, "Password, please");
  },
  PASS(s, arg) {
    s.loggedIn = s.user === "anonymous" || (s.user === "user" && arg === "pass");
    s.reply(...(s.loggedIn ? [230, "Logged in"] : [530, "Login incorrect"]));
  },
  SYST: (s) => s.reply(215, "UNIX Type: L8"),
  FEAT: (s) => s.reply("211-Features\r\n EPSV\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n211", "End"),
  NOOP: (s) => s.reply(200, "OK"),
  TYPE: (s) => s.reply(200, "OK"),
  PWD: (s) => s.reply(257, `"${s.cwd}"`),
  CWD(s, arg) {
    const path = s.path(arg);
    if (!folders.has(path)) return s.reply(550, "No such folder");
    s.cwd = path;
    s.reply(250, "OK");
  },
  CDUP: (s) => COMMANDS.CWD(s, ".."),
  PASV: async (s) => s.reply(227, `Entering Passive Mode (127,0,0,1,${port(await s.passive())})`),
  EPSV: async (s) => s.reply(229, `Entering Extended Passive Mode (|||${await s.passive()}|)`),
  REST(s, arg) {
    s.offset = Number(arg);
    s.reply(350, `Restarting at ${s.offset}`);
  },
  SIZE: (s, arg) => onFile(s, arg, (path) => s.reply(213, files.get(path).length)),
  MDTM: (s, arg) => onFile(s, arg, () => s.reply(213, "20200101000000")),
  RETR: (s, arg) =>
    onFile(s, arg, (path) => {
      const { offset } = s;
      s.offset = 0;
      return s.send(files.get(path).subarray(offset));
    }),
  STOR: (s, arg) => store(s, arg, false),
  APPE: (s, arg) => store(s, arg, true),
  LIST: (s, arg) => listing(s, arg, longLine),
  NLST: (s, arg) => listing(s, arg, (_folder, name) => name),
  DELE: (s, arg) =>
    onFile(s, arg, (path) => {
      files.delete(path);
      s.reply(250, "Deleted");
    }),
  MKD(s, arg) {
    folders.add(s.path(arg));
    s.reply(257, `"${s.path(arg)}"`);
  },
  RMD(s, arg) {
    const empty = list(s.path(arg))?.length === 0;
    if (empty) folders.delete(s.path(arg));
    s.reply(...(empty ? [250, "Removed"] : [550, "No such folder, or not empty"]));
  },
  RNFR: (s, arg) =>
    onFile(s, arg, (path) => {
      s.renameFrom = path;
      s.reply(350, "And the new name?");
    }),
  RNTO(s, arg) {
    if (!files.has(s.renameFrom)) return s.reply(503, "RNFR first");
    files.set(s.path(arg), files.get(s.renameFrom));
    files.delete(s.renameFrom);
    s.reply(250, "Renamed");
  },
  ABOR(s) {
    s.dropData();
    s.reply(226, "Aborted");
  },
  QUIT(s) {
    s.reply(221, "Bye");
    s.end();
  },
};
