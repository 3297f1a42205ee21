// Starts every available server, once for both runtimes.
import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../server/certs.mjs";
import { FILES } from "./files.mjs";
import { Machine, Missing } from "./machine.mjs";
import { MAIL } from "./mail.mjs";
import { OTHERS } from "./others.mjs";
import { fetchPackages } from "./packages.mjs";
import { WEB } from "./web.mjs";

const MIB = 1 << 20;
const CONTENT = { "1m.bin": MIB, "8m.bin": 8 * MIB, "64m.bin": 64 * MIB };

/** Pseudo-random bytes, the same at each run. */
function content(name, length) {
  const key = Buffer.alloc(16, name);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Makes the files that the web and file servers serve. */
async function fillFolder(machine) {
  await machine.write("www/small.txt", "small\n");
  await machine.write("www/pushed.txt", "pushed\n");
  for (const [name, length] of Object.entries(CONTENT)) {
    await machine.write(`www/${name}`, content(name, length));
  }
}

async function certificates(machine) {
  const folder = await machine.folder("certs"), made = await makeCertificates(folder);
  for (const name of ["server.key", "client.key"]) await chmod(join(folder, name), 0o644);
  const { ca, clientCert, clientKey } = made.paths;
  const file = (name) => join(folder, name);
  return { ca, cert: file("server.pem"), key: file("server.key"), clientCert, clientKey };
}

/**
 * Starts them.
 *
 * @param features the features of the library under test: some servers are useless without one.
 * @returns the started servers with ports and paths, the missing ones with the reason, and a
 * function that ends them.
 */
export async function startServers(features) {
  const table = { ...FILES, ...WEB, ...MAIL, ...OTHERS };
  const useful = Object.entries(table).filter(([, { feature }]) =>
    !feature || features.includes(feature)
  );
  const { root, problem, count } = await fetchPackages(
    useful.flatMap(([, { packages }]) => packages),
  );
  const dir = await mkdtemp(join(tmpdir(), "curlew-servers-"));
  await chmod(dir, 0o755);
  const machine = Object.assign(new Machine(root, dir), { content });
  const stop = async () => {
    machine.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await fillFolder(machine);
    machine.certs = await certificates(machine);
    const servers = {}, missing = {};
    for (const [name, { start, needs, feature }] of Object.entries(table)) {
      try {
        if (feature && !features.includes(feature)) throw new Missing(`libcurl has no ${feature}`);
        if (needs && !servers[needs]) throw new Missing(`it needs ${needs}`);
        servers[name] = await start(machine, servers, { Missing });
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        missing[name] = problem ? `${error.message} (${problem})` : error.message;
      }
    }
    const facts = await machine.write(
      "facts.json",
      JSON.stringify({ dir, certs: machine.certs, servers, missing }),
    );
    return { facts, started: Object.keys(servers), missing, packages: count, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
