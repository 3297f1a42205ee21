// Servers of the other protocols: a directory, messages, a dictionary, terminals.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

const PEOPLE = `
dn: dc=x
objectClass: dcObject
objectClass: organization
dc: x
o: x

dn: cn=ann,dc=x
objectClass: inetOrgPerson
cn: ann
sn: Ånn
mail: ann@example.com
jpegPhoto:: AAECA/8=

dn: cn=bob,dc=x
objectClass: inetOrgPerson
cn: bob
sn: Bob
mail: bob@example.com
`;

async function slapd(machine) {
  const { certs } = machine, ldap = await machine.port(), ldaps = await machine.port();
  const db = await machine.folder("slapd/db");
  const schemas = ["core", "cosine", "inetorgperson"];
  const included = schemas.map((name) =>
    `include ${machine.file(`/etc/ldap/schema/${name}.schema`)}`
  );
  const config = await machine.write(
    "slapd/slapd.conf",
    `
${included.join("\n")}
modulepath ${machine.file("/usr/lib/ldap")}
moduleload back_mdb
TLSCertificateFile ${certs.cert}
TLSCertificateKeyFile ${certs.key}
pidfile ${machine.dir}/slapd/pid
argsfile ${machine.dir}/slapd/args
database mdb
suffix "dc=x"
rootdn "cn=admin,dc=x"
rootpw pass
directory ${db}
`,
  );
  const people = await machine.write("slapd/people.ldif", PEOPLE.trimStart());
  await machine.run("slapadd", "-f", config, "-l", people);
  const urls = `ldap://127.0.0.1:${ldap} ldaps://127.0.0.1:${ldaps}`;
  await machine.daemon("slapd", ["-d", "0", "-f", config, "-h", urls], { ports: [ldap, ldaps] });
  return { ldap, ldaps };
}

async function mosquitto(machine) {
  const port = await machine.port(), auth = await machine.port();
  const passwords = join(machine.dir, "mosquitto-passwords");
  await machine.run("mosquitto_passwd", "-b", "-c", passwords, "user", "pass");
  const lines = [
    "per_listener_settings true",
    "persistence false",
    machine.isRoot ? "user root" : "",
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    `listener ${auth} 127.0.0.1`,
    "allow_anonymous false",
    `password_file ${passwords}`,
  ];
  const config = await machine.write("mosquitto.conf", lines.join("\n") + "\n");
  await machine.daemon("mosquitto", ["-c", config], { ports: [port, auth] });
  return { port, auth };
}

const WORDS = `:curlew:a wading bird with a long bill that curves down
:libcurl:a library for transfers
`;

async function dictd(machine) {
  const port = await machine.port(), words = await machine.write("dict/words", WORDS);
  const base = join(machine.dir, "dict/test");
  await machine.run(
    "sh",
    "-c",
    `${machine.program("dictfmt")} -j --utf8 -s Test ${base} < ${words}`,
  );
  const config = await machine.write(
    "dict/dictd.conf",
    `global {
  listen_to 127.0.0.1
  port ${port}
}
database test {
  data "${base}.dict"
  index "${base}.index"
}
`,
  );
  const pid = join(machine.dir, "dict/pid");
  const args = ["-d", "nodetach", "--pid-file", pid, "-c", config, "--locale", "C.UTF-8"];
  await machine.daemon("dictd", args, { ports: [port] });
  return { port };
}

/** Does what inetd does: starts a program for each connection, which is its input and output. */
async function inetd(machine, name, args, withPort = (list) => list) {
  const program = machine.program(name);
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const { port } = server.address();
    const stdio = [socket, socket, "ignore"];
    const child = spawn(program, withPort(args, port), { stdio, env: machine.env });
    child.on("error", () => {});
    child.on("exit", () => socket.destroy());
    machine.atEnd(() => child.kill("SIGKILL"));
    socket.on("error", () => {});
  });
  return await machine.listen(server);
}

async function gophernicus(machine) {
  const root = await machine.folder("gopher");
  await machine.write("gopher/hello.txt", "hello from gopher\n");
  await machine.write("gopher/data.bin", machine.content("data.bin", 300_000));
  const port = await inetd(
    machine,
    "gophernicus",
    ["-h", "localhost", "-r", root, "-nr", "-nu"],
    (args, port) => [...args, "-p", String(port)],
  );
  return { port, root };
}

async function telnetd(machine) {
  return { port: await inetd(machine, "telnetd", ["-E", "/bin/cat"]) };
}

async function redis(machine) {
  const port = await machine.port(), dir = await machine.folder("redis");
  const args = ["--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", ""];
  await machine.daemon("redis-server", args.map(String), { ports: [port] });
  return { port };
}

/** Responds as a camera does: the distribution's RTSP servers have no media. */
async function rtsp(machine) {
  const server = createServer((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end; (end = text.indexOf("\r\n\r\n")) >= 0; text = text.slice(end + 4)) {
        socket.write(rtspAnswer(text.slice(0, end)));
      }
    });
  });
  return { port: await machine.listen(server) };
}

const SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=test\r\nm=video 0 RTP/AVP 96\r\n";
const METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN";

function rtspAnswer(head) {
  const [, method, url] = /^(\S+) (\S+)/.exec(head) ?? [];
  const sequence = /^CSeq: (\d+)/im.exec(head)?.[1] ?? "0";
  const start = (status) => `RTSP/1.0 ${status}\r\nCSeq: ${sequence}\r\n`;
  if (!url?.includes("/stream") && url !== "*") return `${start("404 Not Found")}\r\n`;
  const end = {
    OPTIONS: `Public: ${METHODS}\r\n\r\n`,
    DESCRIBE: `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`,
    SETUP: "Session: 12345\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n",
    PLAY: "Session: 12345\r\n\r\n",
    TEARDOWN: "Session: 12345\r\n\r\n",
  }[method];
  return end ? start("200 OK") + end : `${start("501 Not Implemented")}\r\n`;
}

export const OTHERS = {
  slapd: { packages: ["slapd"], start: slapd },
  mosquitto: { packages: ["mosquitto"], start: mosquitto },
  dictd: { packages: ["dictd", "dictfmt"], start: dictd },
  gophernicus: { packages: ["gophernicus"], start: gophernicus },
  telnetd: { packages: ["inetutils-telnetd"], start: telnetd },
  redis: { packages: ["redis-server"], start: redis },
  rtsp: { packages: [], start: rtsp },
};
