// A kernel, a libcurl and a poller that do anything in any order, many times, from a seed.
import { expect, test } from "vitest";
import { FAILED, READ, WRITE } from "../../src/driver/poller/poller.ts";
import { Sockets } from "../../src/driver/sockets.ts";
import { FakePoller } from "./poller/fake_poller.ts";

const REMOVE = 4;

/** mulberry32 */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

interface Socket {
  readonly fd: number;
  readonly announced: boolean;
  /** What libcurl wants. */
  want: number;
}

class Model {
  readonly poller: FakePoller = new FakePoller();
  readonly sockets: Sockets = new Sockets(this.poller);
  readonly open: Map<number, Socket> = new Map();
  readonly #random: (below: number) => number;
  actions = 0;
  stale = 0;

  constructor(seed: number) {
    this.#random = random(seed);
  }

  #pick(): Socket | undefined {
    return [...this.open.values()][this.#random(Math.max(this.open.size, 1))];
  }

  /** Something that libcurl or the network does. */
  step(): void {
    const socket = this.#pick();
    switch (this.#random(7)) {
      case 0:
      case 1:
        return this.#open();
      case 2:
        return socket && this.#close(socket);
      case 3:
        return socket && this.#want(socket, 0);
      case 4:
        if (socket) this.poller.files.get(socket.fd)!.ready = this.#random(8);
        return;
      default:
        return socket && this.#want(socket, 1 + this.#random(3));
    }
  }

  #open(): void {
    if (this.open.size > 20) return;
    const fd = this.poller.open(), announced = this.#random(3) > 0;
    this.open.set(fd, { fd, announced, want: 0 });
    if (announced) this.sockets.opened(fd);
  }

  #want(socket: Socket, want: number): void {
    socket.want = want;
    this.sockets.socket(socket.fd, want || REMOVE);
  }

  #close(socket: Socket): void {
    // libcurl sends REMOVE before it closes; the end of an announced one is also announced
    if (!socket.announced || this.#random(2) === 0) this.#want(socket, 0);
    if (socket.announced) this.sockets.closing(socket.fd);
    this.open.delete(socket.fd);
    this.poller.close(socket.fd);
  }

  serve(): void {
    const files = this.poller.files;
    this.sockets.serve((fd, mask) => {
      this.actions++;
      const socket = this.open.get(fd);
      expect(socket?.want, "only what libcurl wants is passed on").toBeGreaterThan(0);
      const event = this.poller.events.find((event) => event.fd === fd);
      expect(event?.file, "an event is of the file that is open now").toBe(files.get(fd));
      const told = event?.mask ?? 0, wanted = socket?.want ?? 0;
      expect(mask).toBe(told === FAILED ? told | wanted : told); // never an error alone
      for (let i = this.#random(4); i > 0; i--) this.step();
    }, () => this.#random(4) === 0);
    this.stale += this.poller.events.filter(({ fd, file }) => files.get(fd) !== file).length;
  }

  check(): void {
    let wanted = 0;
    for (const socket of this.open.values()) {
      const interest = this.poller.interestOf(socket.fd);
      if (socket.want > 0) {
        wanted++;
        expect(interest, "what is wanted is registered").toBe(socket.want & (READ | WRITE));
      } else {
        expect(socket.announced || interest === 0, "only announced ones stay").toBe(true);
        expect(interest & WRITE, "no idle one waits to be writable").toBe(0);
      }
    }
    expect(this.sockets.wanted).toBe(wanted);
  }

  end(): void {
    for (const socket of [...this.open.values()]) this.#close(socket);
    this.sockets.apply();
    expect([this.sockets.size, this.sockets.wanted]).toEqual([0, 0]);
    expect(this.poller.ready()).toBe(0);
    expect(this.poller.files.size).toBe(0);
  }
}

test.each(Array.from({ length: 40 }, (_, i) => i + 1))("seed %i", (seed) => {
  const model = new Model(seed), dice = random(seed * 7919);
  for (let round = 0; round < 150; round++) {
    for (let i = dice(6); i > 0; i--) model.step();
    model.sockets.apply();
    model.check();
    model.serve();
    model.sockets.apply();
    model.check();
  }
  expect(model.actions).toBeGreaterThan(50);
  expect(model.stale).toBeGreaterThan(0); // else the test would prove nothing
  model.end();
});
