// fetch over a unix socket: the version of Docker, or any other local service.
//
//   deno run --allow-ffi examples/connections/unix_socket.ts /var/run/docker.sock /version
//   bun examples/connections/unix_socket.ts /var/run/docker.sock /version
//   > {
//   > …
//   > }
//   2> 200 OK
import process from "node:process";
import { fetch } from "curlew";

const [socket = "/var/run/docker.sock", path = "/version"] = process.argv.slice(2);

try {
  // the host is only for the Host header: the request goes to the socket
  const response = await fetch(new URL(path, "http://localhost/"), {
    timeout: 10_000,
    curl: { UNIX_SOCKET_PATH: socket },
  });
  console.error(`${response.status} ${response.statusText}`);
  console.log(JSON.stringify(await response.json(), null, 2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
