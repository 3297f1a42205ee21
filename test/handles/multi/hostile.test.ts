// Calls on a Multi that crashed once, each in a process of its own: now they throw, or do no harm.
// libcurl since 8.9 looks for a negative descriptor before the first of the 911 places of its table
// of sockets: for -912 it takes the size of malloc's block for an entry.
import { expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { survive } from "../easy_survive.ts";

const server = useServer("http", "h2c");

/** A table with a socket in it. */
const BUSY = `
  const multi = new Multi(), sockets = new Set<number>();
  multi.setOpt("SOCKETFUNCTION", (_easy, fd) => void sockets.add(fd));
  multi.addHandle(easy());
  while (sockets.size === 0) multi.socketAction(-1, 0);`;

test("a negative descriptor is CURLM_BAD_SOCKET, and libcurl does not look for it", async () => {
  const said = await survive(
    server,
    `${BUSY}
    const codes = [-912, -2, -(2 ** 31)].map((fd) => [
      code(() => multi.assign(fd, "x")),
      code(() => multi.socket(fd)),
      code(() => multi.socketAction(fd, 1)),
    ]);
    say([...codes, code(() => multi.assign(-1, "x")), code(() => multi.socketAction(-1, 0))]);`,
  );
  expect(said).toEqual([...Array(3).fill([5, 5, 5]), 5, 0]);
});

test("a negative result of OPENSOCKETFUNCTION is no socket, of 32 bits without a sign too", async () => {
  const said = await survive(
    server,
    `${BUSY}
    const results = [-912, 2 ** 32 - 912, -2, -(2 ** 31)].map((fd) => {
      const one = easy({ OPENSOCKETFUNCTION: () => fd });
      multi.addHandle(one);
      for (let i = 0; i < 1000; i++) {
        multi.socketAction(-1, 0);
        for (const message of multi.messages()) {
          if (message.easy === one) return message.result;
        }
      }
    });
    say(results);`,
  );
  expect(said).toEqual([7, 7, 7, 7]);
});
