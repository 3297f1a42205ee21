// A Kerberos realm with one user and one service, if MIT's KDC is installed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

const REALM = "CURLEW.TEST";

/** A running realm. */
export interface Realm {
  /** The environment variables of a process that is the realm's user. */
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/** The path of a program, `null` where it is not installed. */
function find(program: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const folder of folders) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // not in this folder
    }
  }
  return null;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the port can be connected to, for five seconds at most. */
async function ready(port: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.unref().on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the KDC did not start");
}

function writeSettings(folder: string, port: number): void {
  writeFileSync(
    join(folder, "krb5.conf"),
    `[libdefaults]
 default_realm = ${REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 ${REALM} = {
  kdc = 127.0.0.1:${port}
 }
[domain_realm]
 localhost = ${REALM}
`,
  );
  writeFileSync(
    join(folder, "kdc.conf"),
    `[kdcdefaults]
 kdc_listen = 127.0.0.1:${port}
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 ${REALM} = {
  database_name = ${folder}/principal
  key_stash_file = ${folder}/stash
  acl_file = ${folder}/acl
 }
`,
  );
}

/** Starts a realm whose service is HTTP/localhost. Returns `null` where there is no KDC. */
export async function startRealm(): Promise<Realm | null> {
  const [kdc, util, admin] = ["krb5kdc", "kdb5_util", "kadmin.local"].map(find);
  if (!kdc || !util || !admin) return null;
  const folder = mkdtempSync(join(tmpdir(), "curlew-realm-")), port = await freePort();
  writeSettings(folder, port);
  const own = {
    KRB5_CONFIG: join(folder, "krb5.conf"),
    KRB5_KDC_PROFILE: join(folder, "kdc.conf"),
  };
  const env = { ...process.env, ...own }, keys = join(folder, "user.keytab");
  let child: ChildProcess | undefined;
  const close = () => {
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const run = (...[program, ...args]: [string, ...string[]]) =>
      execFileSync(program, args, { env, stdio: "pipe", timeout: 10_000 });
    run(util, "create", "-s", "-P", "master", "-r", REALM);
    run(admin, "-q", "addprinc -randkey user");
    run(admin, "-q", "addprinc -randkey HTTP/localhost");
    run(admin, "-q", `ktadd -k ${keys} user`);
    child = spawn(kdc, ["-n"], { env, stdio: "ignore" });
    await ready(port);
  } catch (error) {
    close();
    throw error;
  }
  const cache = `FILE:${join(folder, "cache")}`;
  return { env: { ...own, KRB5_CLIENT_KTNAME: keys, KRB5CCNAME: cache }, close };
}
