// Servers of mail: dovecot for reading, npm's smtp-server for sending.
import { Buffer } from "node:buffer";
import { existsSync, symlinkSync, unlinkSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { SMTPServer } from "smtp-server";

/** The folder in which dovecot searches its TLS module, whatever its settings are. */
const HOME = "/usr/lib/dovecot";

async function dovecot(machine, _others, { Missing }) {
  const { certs, isRoot } = machine;
  machine.program("dovecot");
  if (!existsSync(HOME)) {
    if (!isRoot) throw new Missing(`only root can put dovecot's modules into ${HOME}`);
    symlinkSync(machine.file(HOME), HOME);
    machine.atEnd(() => unlinkSync(HOME));
  }
  const home = await machine.folder("dovecot");
  const [imap, imaps, pop3, pop3s] = await Promise.all([1, 2, 3, 4].map(() => machine.port()));
  // dovecot refuses to store mail of root
  const user = isRoot ? "nobody" : userInfo().username;
  const group = isRoot ? "nogroup" : userInfo().gid;
  const listener = (name, port, ssl = "") =>
    `  inet_listener ${name} {\n    port = ${port}\n${ssl}  }\n`;
  const SSL = "    ssl = yes\n";
  await chmod(await machine.folder("dovecot/mail"), 0o777);
  const config = await machine.write(
    "dovecot/dovecot.conf",
    `
base_dir = ${home}/run
state_dir = ${home}/state
import_environment = LD_LIBRARY_PATH=${machine.env.LD_LIBRARY_PATH}
log_path = ${home}/log
listen = 127.0.0.1
protocols = imap pop3
ssl = yes
ssl_cert = <${certs.cert}
ssl_key = <${certs.key}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_max_userip_connections = 100
default_internal_user = ${user}
default_login_user = ${user}
${isRoot ? `default_internal_group = ${group}` : ""}
mail_location = maildir:${home}/mail/%u
first_valid_uid = 1
passdb {
  driver = static
  args = password=pass
}
userdb {
  driver = static
  args = uid=${user} gid=${group} home=${home}/mail/%u
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
${listener("imap", imap)}${listener("imaps", imaps, SSL)}}
service pop3-login {
  chroot =
${listener("pop3", pop3)}${listener("pop3s", pop3s, SSL)}}
`,
  );
  // dovecot itself would search doveconf only in /usr/bin
  const args = ["-f", "service=master", "-c", config, "-m", "master"];
  const command = ["-e", machine.program("dovecot"), "-F", "-c", config];
  await machine.daemon("doveconf", [...args, ...command], { ports: [imap, imaps, pop3, pop3s] });
  return { imap, imaps, pop3, pop3s };
}

/** Writes each mail to a file that is named after its first recipient. */
async function smtp(machine) {
  const { certs } = machine, folder = await machine.folder("mails");
  const options = {
    key: await readFile(certs.key),
    cert: await readFile(certs.cert),
    authOptional: true,
    disabledCommands: [],
    hidePIPELINING: true,
    disableReverseLookup: true,
    logger: false,
    onAuth({ username, password }, _session, callback) {
      const known = username === "user" && password === "pass";
      callback(known ? null : new Error("wrong password"), { user: username });
    },
    onRcptTo({ address }, _session, callback) {
      callback(address.startsWith("refused@") ? new Error("nobody of that name") : null);
    },
    onData(stream, session, callback) {
      const chunks = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        const { envelope, secure, user = null, id } = session;
        const to = envelope.rcptTo.map(({ address }) => address);
        const mail = { from: envelope.mailFrom.address, to, secure, user, session: id };
        const data = Buffer.concat(chunks).toString("latin1");
        writeFile(join(folder, `${to[0]}.json`), JSON.stringify({ ...mail, data }))
          .then(() => callback(), callback);
      });
    },
  };
  const listen = async (secure) => {
    const { server } = new SMTPServer({ ...options, secure });
    server.on("error", () => {}); // a client that closes the connection
    return await machine.listen(server);
  };
  return { port: await listen(false), secure: await listen(true), folder };
}

export const MAIL = {
  dovecot: { packages: ["dovecot-imapd", "dovecot-pop3d"], start: dovecot },
  smtp: { packages: [], start: smtp },
};
