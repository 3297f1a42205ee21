// The example, on a libcurl that has WebSocket.
import { expect, test } from "vitest";
import { pathOf, ROOT, runsAsItSays } from "../../examples/support.ts";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { whyNot } from "./support.ts";

const server = useServer("ws", "socks");

const NAME = "protocols/websocket.ts", EXAMPLE = pathOf(NAME);

test.skipIf(whyNot)(`${NAME} prints what its head says${whyNot}`, async () => {
  const instead = [["wss://echo.example/", `ws://127.0.0.1:${server.ws}/echo`]] as const;
  await runsAsItSays(NAME, { cwd: ROOT, instead });
});

test.skipIf(whyNot)(`websocket.ts sends, prints and closes, by a proxy too${whyNot}`, async () => {
  const args = [`ws://127.0.0.1:${server.ws}/echo`, "one", "two €"];
  for (const PROXY of ["", `socks5h://127.0.0.1:${server.socks}`]) {
    expect(await runChild(EXAMPLE, { args, env: { PROXY } })).toMatchObject({
      code: 0,
      stdout: "one\ntwo €\n",
      stderr: "closed: 1000 all answered\n",
    });
  }
});

test.skipIf(whyNot)(`websocket.ts names the error${whyNot}`, async () => {
  const { code, stderr } = await runChild(EXAMPLE, { args: ["ws://127.0.0.1:1/", "x"] });
  expect(code).toBe(1);
  expect(stderr).toMatch(/connect.*\nclosed: 1006 \n$/i);
});
