// Servers of files: FTP, SSH, TFTP.
import { userInfo } from "node:os";
import { join } from "node:path";
import { chmod, copyFile, mkdir, readFile } from "node:fs/promises";

/** Anonymous logins only, with one of two passwords; `up` is writable. */
async function vsftpd(machine) {
  const { dir, certs } = machine;
  const [port, implicit, strict] = await Promise.all([1, 2, 3].map(() => machine.port()));
  const root = await machine.folder("ftp"), up = await machine.folder("ftp/up");
  for (const name of ["small.txt", "8m.bin"]) {
    await copyFile(join(dir, "www", name), join(root, name));
  }
  await chmod(up, 0o777);
  const empty = await machine.folder("vsftpd/empty");
  const passwords = await machine.write("vsftpd/passwords", "ftp@example.com\nsecret\n");
  const common = {
    listen: "YES",
    listen_address: "127.0.0.1",
    background: "NO",
    run_as_launching_user: "YES",
    seccomp_sandbox: "NO",
    secure_chroot_dir: empty,
    anonymous_enable: "YES",
    ftp_username: userInfo().username,
    local_enable: "NO",
    secure_email_list_enable: "YES",
    email_password_file: passwords,
    delay_failed_login: 0,
    anon_root: root,
    write_enable: "YES",
    anon_upload_enable: "YES",
    anon_mkdir_write_enable: "YES",
    anon_other_write_enable: "YES",
    anon_world_readable_only: "NO",
    anon_umask: "022",
    ssl_enable: "YES",
    require_ssl_reuse: "NO",
    allow_anon_ssl: "YES",
    ssl_tlsv1: "YES",
    ssl_ciphers: "HIGH",
    rsa_cert_file: certs.cert,
    rsa_private_key_file: certs.key,
  };
  const kinds = { // name → its special settings
    plain: { listen_port: port },
    implicit: { listen_port: implicit, implicit_ssl: "YES" },
    // the default setting: the data connection must resume the TLS session of the control
    // connection
    strict: { listen_port: strict, require_ssl_reuse: "YES" },
  };
  for (const [name, extra] of Object.entries(kinds)) {
    const settings = Object.entries({ ...common, ...extra });
    const text = settings.map(([key, value]) => `${key}=${value}\n`).join("");
    const config = await machine.write(`vsftpd/${name}.conf`, text);
    await machine.daemon("vsftpd", [config], { ports: [extra.listen_port] });
  }
  return { port, implicit, strict, root, up };
}

/**
 * The user of the SSH server is the one that runs it, whatever shell the machine has for that user:
 * nss_wrapper reads a passwd file of the tests.
 */
async function sshd(machine) {
  const { isRoot } = machine, { uid, gid } = userInfo();
  const port = await machine.port(), home = await machine.folder("sshd/home");
  for (const [name, type] of [["host", "ed25519"], ["user", "ed25519"], ["stranger", "rsa"]]) {
    const path = join(machine.dir, "sshd", name);
    await machine.run("ssh-keygen", "-q", "-t", type, "-N", "", "-f", path, "-m", "PEM");
  }
  const file = (name) => join(machine.dir, "sshd", name);
  await copyFile(file("user.pub"), file("authorized"));
  if (isRoot) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const lines = [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${file("host")}`,
    `AuthorizedKeysFile ${file("authorized")}`,
    `PidFile ${file("pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    "Subsystem sftp internal-sftp",
    "MaxStartups 100:30:200",
    `SetEnv PATH=${pathOf(machine.program("scp"))}:/usr/bin:/bin ` +
    `LD_LIBRARY_PATH=${machine.env.LD_LIBRARY_PATH}`,
  ];
  const config = await machine.write("sshd/config", lines.join("\n") + "\n");
  const users = [`tester:x:${uid}:${gid}::${home}:/bin/sh`];
  if (isRoot) users.push("sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin");
  const env = {
    LD_PRELOAD: machine.file("/usr/lib/x86_64-linux-gnu/libnss_wrapper.so"),
    NSS_WRAPPER_PASSWD: await machine.write("sshd/passwd", users.join("\n") + "\n"),
    NSS_WRAPPER_GROUP: await machine.write("sshd/group", `testers:x:${gid}:\n`),
  };
  await machine.daemon("sshd", ["-D", "-e", "-f", config], { ports: [port], env });
  const [type, key] = (await readFile(file("host.pub"), "utf8")).split(" ");
  const knownHosts = await machine.write(
    "sshd/known_hosts",
    `[127.0.0.1]:${port} ${type} ${key}\n`,
  );
  return {
    port,
    user: "tester",
    key: file("user"),
    publicKey: file("user.pub"),
    strangerKey: file("stranger"),
    strangerPublicKey: file("stranger.pub"),
    knownHosts,
    hostKey: key,
  };
}

const pathOf = (program) => program.slice(0, program.lastIndexOf("/"));

async function tftpd(machine, _others, { Missing }) {
  if (!machine.isRoot) throw new Missing("in.tftpd needs root");
  const port = await machine.udpPort(), root = await machine.folder("tftp");
  await chmod(root, 0o777);
  for (const name of ["small.txt", "1m.bin"]) {
    await copyFile(join(machine.dir, "www", name), join(root, name));
  }
  const args = ["-L", "-4", "-a", `127.0.0.1:${port}`, "-c", "-p", "-u", "nobody", "-s", root];
  await machine.daemon("in.tftpd", args);
  return { port, root };
}

export const FILES = {
  vsftpd: { packages: ["vsftpd"], start: vsftpd },
  sshd: { packages: ["openssh-server", "openssh-client", "libnss-wrapper"], start: sshd },
  tftpd: { packages: ["tftpd-hpa"], start: tftpd },
};
