// Web servers and proxies: name → its requirements, and the function that starts it and returns its
// ports.
import { join } from "node:path";

async function nginx(machine) {
  const { dir, isRoot, certs } = machine;
  const home = await machine.folder("nginx"), dav = await machine.folder("nginx/dav");
  const [http, https, h2c, proxied] = await Promise.all([1, 2, 3, 4].map(() => machine.port()));
  const socket = join(home, "http.sock");
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await machine.write("nginx/users", "user:{PLAIN}pass\n");
  const config = await machine.write(
    "nginx/nginx.conf",
    `
daemon off; pid ${home}/pid; error_log ${home}/error.log warn; worker_processes 1;
${isRoot ? "user root;" : ""}
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000; http2_max_concurrent_streams 100;
  ${temp.map((name) => `${name}_temp_path ${home}/${name};`).join(" ")}
  ssl_certificate ${certs.cert}; ssl_certificate_key ${certs.key};
  ssl_client_certificate ${certs.ca}; ssl_verify_client optional; ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:${http}; listen unix:${socket}; listen 127.0.0.1:${https} ssl http2;
    listen 127.0.0.1:${h2c} http2; listen 127.0.0.1:${proxied} proxy_protocol;
    root ${dir}/www; client_max_body_size 0; default_type application/octet-stream;
    location /about {
      return 200 "$request_method $server_protocol $connection $ssl_protocol $ssl_session_reused\\n";
    }
    location /sender { return 200 "$proxy_protocol_addr $proxy_protocol_port\\n"; }
    location /who {
      if ($ssl_client_verify != SUCCESS) { return 403; }
      return 200 "$ssl_client_s_dn\\n";
    }
    location /secret/ { auth_basic secret; auth_basic_user_file ${home}/users; alias ${dir}/www/; }
    location /trailed/ {
      alias ${dir}/www/; add_trailer x-trailer done; gzip on; gzip_types *; gzip_min_length 1;
    }
    location /moved { return 302 /small.txt; }
    location /dav/ {
      alias ${dav}/; dav_methods PUT DELETE MKCOL; create_full_put_path on;
    }
  }
}
`,
  );
  await machine.daemon("nginx", ["-p", home, "-e", `${home}/error.log`, "-c", config], {
    ports: [http, https, h2c, proxied],
  });
  return { http, https, h2c, proxied, socket, dav };
}

async function nghttpd(machine) {
  const { dir, certs } = machine;
  const h2c = await machine.port(), h2 = await machine.port();
  const common = ["-a", "127.0.0.1", "-d", join(dir, "www")];
  const push = "--push=/small.txt=/pushed.txt";
  await machine.daemon("nghttpd", [...common, "--no-tls", String(h2c)], { ports: [h2c] });
  await machine.daemon("nghttpd", [...common, push, String(h2), certs.key, certs.cert], {
    ports: [h2],
  });
  return { h2c, h2 };
}

async function caddy(machine) {
  const { dir, certs } = machine, port = await machine.port();
  const config = await machine.write(
    "caddy/Caddyfile",
    `
{
  admin off
  auto_https off
  servers {
    protocols h1 h2 h3
  }
}
https://localhost:${port} {
  bind 127.0.0.1
  tls ${certs.cert} ${certs.key}
  root * ${dir}/www
  header Alt-Svc \`h3=":${port}"; ma=3600\`
  respond /about "{http.request.proto}"
  file_server
}
`,
  );
  const args = ["run", "--config", config, "--adapter", "caddyfile"];
  await machine.daemon("caddy", args, { ports: [port], env: { HOME: join(dir, "caddy") } });
  return { h3: port };
}

async function tinyproxy(machine) {
  const port = await machine.port(), auth = await machine.port();
  for (const [name, number, users] of [["open", port, ""], ["auth", auth, "BasicAuth user pass"]]) {
    const lines = [
      `Port ${number}`,
      "Listen 127.0.0.1",
      "Allow 127.0.0.1",
      "MaxClients 100",
      users,
    ];
    const config = await machine.write(`tinyproxy/${name}.conf`, lines.join("\n") + "\n");
    await machine.daemon("tinyproxy", ["-d", "-c", config], { ports: [number] });
  }
  return { port, auth };
}

/** A proxy that is reached by TLS, and that forwards to tinyproxy. */
async function nghttpx(machine, { tinyproxy: behind }) {
  const port = await machine.port(), { key, cert } = machine.certs;
  const args = [`-f127.0.0.1,${port}`, `-b127.0.0.1,${behind.port}`, "--http2-proxy"];
  await machine.daemon(
    "nghttpx",
    [...args, "--workers=1", "--single-process", "--conf=/dev/null", key, cert],
    { ports: [port] },
  );
  return { port };
}

async function microsocks(machine) {
  const port = await machine.port(), auth = await machine.port();
  const args = ["-i", "127.0.0.1", "-p"];
  await machine.daemon("microsocks", [...args, String(port)], { ports: [port] });
  await machine.daemon("microsocks", [...args, String(auth), "-u", "user", "-P", "pass"], {
    ports: [auth],
  });
  return { port, auth };
}

async function danted(machine) {
  const port = await machine.port();
  const config = await machine.write(
    "danted.conf",
    `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: lo
socksmethod: none
clientmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
`,
  );
  const pid = join(machine.dir, "danted.pid");
  await machine.daemon("danted", ["-f", config, "-N", "1", "-p", pid], { ports: [port] });
  return { port };
}

/** A client of the SSH server that serves as a SOCKS proxy, of all four kinds. */
async function ssh(machine, { sshd }) {
  const port = await machine.port();
  const options = [`UserKnownHostsFile=${sshd.knownHosts}`, "BatchMode=yes", "LogLevel=ERROR"];
  const login = ["-i", sshd.key, "-p", String(sshd.port), `${sshd.user}@127.0.0.1`];
  const given = options.flatMap((option) => ["-o", option]);
  const args = ["-F", "/dev/null", ...given, "-N", "-D", `127.0.0.1:${port}`, ...login];
  await machine.daemon("ssh", args, { ports: [port] });
  return { port };
}

export const WEB = {
  nginx: { packages: ["nginx-light"], start: nginx },
  nghttpd: { packages: ["nghttp2-server"], start: nghttpd },
  caddy: { packages: ["caddy"], start: caddy, feature: "HTTP3" },
  tinyproxy: { packages: ["tinyproxy"], start: tinyproxy },
  nghttpx: { packages: ["nghttp2-proxy"], start: nghttpx, needs: "tinyproxy" },
  microsocks: { packages: ["microsocks"], start: microsocks },
  danted: { packages: ["dante-server"], start: danted },
  ssh: { packages: ["openssh-client"], start: ssh, needs: "sshd" },
};
