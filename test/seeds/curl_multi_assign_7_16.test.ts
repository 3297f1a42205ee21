// The promises of the page curl_multi_assign of curl 7.16.0, sentence by sentence: it is of 2006, so
// everything here is driven by socket() and socketAll().
import { expect, test } from "vitest";
import { constants, Multi } from "../../mod.ts";
import {
  FIRST,
  LIFE,
  Loop,
  multiError,
  POLL_IN,
  POLL_OUT,
  POLL_REMOVE,
  Transfer,
} from "../handles/multi/support.ts";
import { useServer } from "../use.ts";

const server = useServer("http");

/** A loop that knows no socketAction(). */
function oldLoop(onSocket?: ConstructorParameters<typeof Loop>[0]): Loop {
  const loop = new Loop(onSocket);
  loop.act = (fd) => loop.multi.socket(fd);
  return loop;
}

test("a socket and a private value of the application are associated, for use with socket()", () => {
  const value = { mine: true };
  using loop: Loop = oldLoop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, value);
  });
  loop.add(new Transfer(server.url("/slow/5/20"))).run();
  expect(loop.calls.map(({ socketData }) => socketData)).toEqual(
    LIFE.map((what) => what === FIRST ? undefined : value),
  );
});

test("with socketAll() the value comes as well", () => {
  using loop: Loop = oldLoop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, "all");
  });
  loop.add(new Transfer(server.url("/hold"))).multi.socketAll();
  for (let i = 0; i < 50 && loop.calls.at(-1)?.what !== POLL_IN; i++) loop.multi.socketAll();
  loop.multi.close();
  expect(loop.calls.slice(1).map(({ socketData }) => socketData)).toContain("all");
});

test("without a call of socket() there is no socket, so nothing to assign to", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  multi.addHandle(easy);
  while (multi.perform() > 0) multi.poll([], 1000);
  expect([...multi.messages()].map(({ result }) => result)).toEqual([0]);
  const fd = easy.getInfo("ACTIVESOCKET");
  expect(multiError(() => multi.assign(fd, 1)).code).toBe(constants.CURLM_BAD_SOCKET);
});

test("once set, the value is passed to all future callbacks of the specific socket", () => {
  using loop: Loop = oldLoop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, `struct of ${fd}`);
  });
  loop.add(...[1, 2, 3].map(() => new Transfer(server.url("/slow/5/20")))).run();
  for (const { fd, what, socketData } of loop.calls) {
    expect(socketData).toBe(what === FIRST ? undefined : `struct of ${fd}`);
  }
});

test("a socket that libcurl does not use yet is an error", () => {
  using loop = oldLoop();
  loop.add(new Transfer(server.url("/hold")));
  // added, but nothing ran: no socket is known
  expect(multiError(() => loop.multi.assign(11, "x")).code).toBe(constants.CURLM_BAD_SOCKET);
});

test("one value for a socket: several calls make the last one count", () => {
  using loop: Loop = oldLoop(({ fd, what, socketData }) => {
    loop.multi.assign(fd, `${socketData ?? ""}${what}`);
  });
  loop.add(new Transfer(server.url("/slow/5/20"))).run();
  expect(loop.calls.map(({ socketData }) => socketData)).toEqual(
    FIRST === POLL_OUT ? [undefined, "2", "21"] : [undefined, "1"],
  );
});

test("libcurl finds the value by its own lookup: a hundred sockets, each with its own struct", () => {
  using loop: Loop = oldLoop(({ fd, what, socketData }) => {
    if (what === FIRST) loop.multi.assign(fd, { fd });
    else expect(socketData).toEqual({ fd });
  });
  loop.add(...Array.from({ length: 100 }, () => new Transfer(server.url("/delay/100"))));
  loop.run();
  expect(loop.messages.every(({ result }) => result === 0)).toBe(true);
  expect(loop.calls.filter(({ what }) => what === POLL_REMOVE)).toHaveLength(100);
});

test("typical usage: data is allocated when a socket is first told of, and found in each update", () => {
  let allocated = 0, updates = 0, freed = 0;
  using loop: Loop = oldLoop(({ fd, what, socketData }) => {
    if (socketData === undefined) {
      allocated++;
      loop.multi.assign(fd, { updates: 0 });
    } else {
      updates++;
      (socketData as { updates: number }).updates++;
      if (what === POLL_REMOVE) freed++;
    }
  });
  loop.add(...[1, 2, 3, 4].map(() => new Transfer(server.url("/slow/5/20")))).run();
  expect({ allocated, updates, freed }).toEqual({
    allocated: 4,
    updates: 4 * (LIFE.length - 1),
    freed: 4,
  });
});
