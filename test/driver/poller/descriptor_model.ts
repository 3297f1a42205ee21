/**
 * Real descriptors, and a model of what the driver should know of them, in plain maps. Plays
 * libcurl, the kernel and the users of CONNECT_ONLY handles in random order, from a seed.
 */
import { duplicate, libc, libcPath } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { EpollPoller } from "../../../src/driver/poller/epoll.ts";
import { readRegistrations } from "../../../src/driver/debug/epoll_registrations.ts";
import { READ, WRITE } from "../../../src/driver/poller/poller.ts";
import { Sockets, type SocketWaitListener } from "../../../src/driver/sockets.ts";
import { AssignedValues } from "../../../src/handles/multi/assigned_values.ts";

const REMOVE = 4, MOST = 24;
// SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK
const AF_UNIX = 1, SOCKET_TYPE = 1 | 0x80000 | 0x800;
// int domain, int type, int protocol, int sv[2]; int oldfd, int newfd
const { socketpair, dup2 } = native.open(libcPath, {
  socketpair: { args: ["i32", "i32", "i32", "buffer"], result: "i32" },
  dup2: { args: ["i32", "i32"], result: "i32" },
});

/** mulberry32 */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** One use of a descriptor's number. */
interface Life {
  readonly fd: number;
  /** The other end, -1 after it was closed. */
  peer: number;
  readonly announced: boolean;
  /** The directions that libcurl and users wait for. */
  want: number;
  awaited: number;
  /** Whether there are bytes to read. */
  full: boolean;
  /** The id that libcurl keeps for an assigned value, 0 for none. */
  sockptr: number;
  value: unknown;
}

/** The descriptors, the driver under test, and the plain maps that it must agree with. */
export class DescriptorModel {
  readonly counts: Record<string, number> = {
    opened: 0,
    closed: 0,
    "numbers given away at once": 0,
    "files that outlive their number": 0,
    served: 0,
    "stale events dropped": 0,
    "waits told": 0,
    "waits that lost their socket": 0,
    "idle sockets left in the kernel": 0,
    "values assigned": 0,
    "values refused": 0,
  };
  /** The last steps. */
  readonly history: string[] = [];
  readonly #random: (below: number) => number;
  readonly #poller = new EpollPoller();
  readonly #table = new AssignedValues();
  readonly #lives = new Map<number, Life>();
  readonly #dead: number[] = [];
  /** Duplicates, such as a child process has: a duplicate keeps a closed number in epoll. */
  readonly #ghosts: number[] = [];
  readonly #sockets: Sockets;
  /** The owner of each event when the poller was asked. */
  #asked = new Map<number, Life>();
  /** The use of a number that is ending. */
  #ending: Life | null = null;

  constructor(seed: number) {
    this.#random = random(seed);
    this.#sockets = new Sockets(this.#poller);
    this.#sockets.waitListener = this.#listener();
  }

  #listener(): SocketWaitListener {
    return {
      ready: (fd, directions) => {
        const life = this.#lives.get(fd);
        must(life !== undefined && this.#asked.get(fd) === life, `a wait for a former fd ${fd}`);
        must((directions & ~life!.awaited) === 0, `fd ${fd} is told what nobody waits for`);
        life!.awaited &= ~directions;
        this.counts["waits told"]!++;
      },
      gone: (fd) => {
        must(this.#ending?.fd === fd && this.#ending.awaited !== 0, `fd ${fd} is not gone`);
        this.#ending!.awaited = 0;
        this.counts["waits that lost their socket"]!++;
      },
    };
  }

  /** Makes a random step, and compares everything. */
  step(): void {
    if (this.#random(4) === 0) this.#serve();
    else this.#act();
    this.#sockets.apply();
    this.#compareTable();
    this.#compareKernel();
  }

  #act(): void {
    const life = [...this.#lives.values()][this.#random(Math.max(this.#lives.size, 1))];
    const [name, act] = ACTS[this.#random(ACTS.length)]!;
    if (this.history.push(life ? `${name} ${life.fd}` : name) > 40) this.history.shift();
    act(this, life);
  }

  /** A socket with that descriptor is opened. */
  begin(fd: number, peer: number, announced: boolean): void {
    const life = { fd, peer, announced, want: 0, awaited: 0, full: false, sockptr: 0, value: null };
    this.#lives.set(fd, life);
    if (announced) this.#sockets.opened(fd);
    this.counts["opened"]!++;
  }

  open(): void {
    if (this.#lives.size >= MOST) return;
    const [fd, peer] = pair();
    this.begin(fd, peer, this.#random(3) > 0);
  }

  want(life: Life, want: number): void {
    life.want = want;
    this.#sockets.socket(life.fd, want || REMOVE);
    if (want === 0) this.#forgetValue(life);
  }

  #forgetValue(life: Life): void {
    this.#table.remove(life.fd);
    if (life.sockptr) this.#dead.push(life.sockptr);
    life.sockptr = 0;
  }

  /** libcurl stops using a socket, and announces the close of an announced one. */
  #end(life: Life): void {
    this.#ending = life;
    if (life.want !== 0) this.want(life, 0);
    if (life.announced) this.#sockets.closing(life.fd);
    must(life.awaited === 0, `nobody is told that fd ${life.fd} is gone`);
    this.#ending = null;
    this.#lives.delete(life.fd);
    if (this.#random(4) === 0) {
      this.#ghosts.push(duplicate(life.fd));
      this.counts["files that outlive their number"]!++;
    }
    if (life.peer >= 0) libc.close(life.peer);
    this.counts["closed"]!++;
  }

  close1(life: Life): void {
    this.#end(life);
    libc.close(life.fd);
  }

  /** The system gives the number to another file, which libcurl may use at once. */
  replace(life: Life, want = 0): void {
    this.#end(life);
    const [fd, peer] = pair();
    must(dup2!(fd, life.fd) === life.fd, "dup2 failed");
    libc.close(fd);
    this.begin(life.fd, peer, this.#random(3) > 0);
    if (want !== 0) this.want(this.#lives.get(life.fd)!, want);
    this.counts["numbers given away at once"]!++;
  }

  hangUp(life: Life): void {
    if (life.peer >= 0) libc.close(life.peer);
    life.peer = -1;
  }

  fill(life: Life): void {
    if (life.peer < 0 || life.full) return;
    life.full = libc.write(life.peer, new Uint8Array(8), 8) === 8;
  }

  drain(life: Life): void {
    if (life.full) libc.read(life.fd, new Uint8Array(64), 64);
    life.full = false;
  }

  /** Does what Multi.assign does: libcurl refuses a descriptor that it does not use. */
  assign(life: Life): void {
    const value = { of: life.fd }, id = this.#table.reserve(value);
    if (life.want === 0) {
      this.#table.cancel(id);
      this.#dead.push(id);
      this.counts["values refused"]!++;
      return;
    }
    if (life.sockptr) this.#dead.push(life.sockptr);
    life.sockptr = id;
    life.value = value;
    this.#table.bind(life.fd, id);
    this.counts["values assigned"]!++;
  }

  unassign(life: Life): void {
    if (life.want !== 0) this.#forgetValue(life);
  }

  /** CONNECT_ONLY: only announced connections are waited for. */
  await(life: Life): void {
    if (!life.announced) return;
    const directions = 1 + this.#random(3);
    this.#sockets.await(life.fd, directions);
    life.awaited |= directions;
  }

  unawait(life: Life): void {
    const directions = 1 + this.#random(3);
    this.#sockets.unawait(life.fd, directions);
    life.awaited &= ~directions;
  }

  awaitClosed(): void {
    let thrown = false;
    try {
      this.#sockets.await(99_999, READ);
    } catch {
      thrown = true;
    }
    must(thrown, "a wait for a closed descriptor");
  }

  wake(): void {
    this.#poller.wake();
  }

  burnGhosts(): void {
    for (const fd of this.#ghosts.splice(0)) libc.close(fd);
  }

  any(below: number): number {
    return this.#random(below);
  }

  #serve(): void {
    this.#asked = new Map(this.#lives);
    const calm = this.#random(2) === 0, ready = this.#readyNow(), told = new Set<number>();
    this.#sockets.serve((fd) => {
      const life = this.#lives.get(fd);
      must(life !== undefined, `closed fd ${fd} is served`);
      must(this.#asked.get(fd) === life, `fd ${fd} is served an event of its former life`);
      must(life!.want !== 0, `fd ${fd} is served, which libcurl does not want`);
      told.add(fd);
      this.counts["served"]!++;
      if (!calm) { for (let i = this.#random(4); i > 0; i--) this.#act(); }
    }, () => !calm && this.#random(4) === 0);
    for (const [fd, life] of this.#asked) {
      if (ready.has(fd) && this.#lives.get(fd) !== life) this.counts["stale events dropped"]!++;
    }
    if (!calm) return;
    for (const fd of ready) must(told.has(fd), `fd ${fd} is ready, and nobody is told`);
  }

  /**
   * The sockets that are ready for libcurl: all are writable, since the other end is never filled.
   */
  #readyNow(): Set<number> {
    const ready = new Set<number>();
    for (const { fd, want, full, peer } of this.#lives.values()) {
      const isReady = want & WRITE || (want && peer < 0) || (want & READ && full);
      if (isReady) ready.add(fd);
    }
    return ready;
  }

  #compareTable(): void {
    let values = 0;
    for (const { fd, sockptr, value } of this.#lives.values()) {
      if (sockptr === 0) continue;
      values++;
      must(this.#table.value(sockptr) === value, `fd ${fd} has a wrong value`);
    }
    must(this.#table.size === values, `${this.#table.size} values are kept, ${values} are in use`);
    must(this.#table.bound === values, `${this.#table.bound} numbers have a value`);
    for (const id of this.#dead.splice(0)) {
      must(this.#table.value(id) === undefined, `a value is reached by the dead id ${id}`);
    }
  }

  /**
   * The kernel must watch exactly what libcurl or users wait for, and idle sockets whose close is
   * announced.
   */
  #compareKernel(): void {
    const generations = new Map<number, number>();
    for (const { fd, generation } of this.#sockets.entries()) generations.set(fd, generation);
    const watched = new Map<number, number>();
    for (const { fd, interest, tag } of readRegistrations(this.#poller.fd)!) {
      if (tag === 0) continue; // the poller's own eventfd
      must(!watched.has(fd), `the kernel watches two files as fd ${fd}`);
      must(this.#lives.has(fd), `fd ${fd} is closed and still watched`);
      must(tag === generations.get(fd), `fd ${fd} is watched under a former generation`);
      watched.set(fd, interest);
    }
    for (const { fd, want, awaited, announced } of this.#lives.values()) {
      const wanted = want | awaited, interest = watched.get(fd) ?? 0;
      if (wanted) must(interest === wanted, `fd ${fd} is watched for ${interest}, not ${wanted}`);
      else if (interest) {
        must(announced, `fd ${fd} is watched, though nobody would hear of its end`);
        must(interest === READ, `the idle fd ${fd} is watched for ${interest}`);
        this.counts["idle sockets left in the kernel"]!++;
      }
    }
    const wanted = [...this.#lives.values()].filter(({ want }) => want !== 0).length;
    must(this.#sockets.wanted === wanted, `${this.#sockets.wanted} count as wanted, not ${wanted}`);
  }

  /** Closes everything, and checks that nothing is left. */
  close(): void {
    for (const life of [...this.#lives.values()]) this.close1(life);
    this.#sockets.apply();
    this.#compareTable();
    this.#compareKernel();
    must(this.#sockets.size === 0, `${this.#sockets.size} sockets are left`);
    this.burnGhosts();
    this.#poller.close();
  }
}

type Act = (model: DescriptorModel, life: Life) => void;
const withLife = (act: Act) => (model: DescriptorModel, life: Life | undefined) => {
  if (life) act(model, life);
};

/** The steps; one that is listed twice happens twice as often. */
const ACTS: [string, (model: DescriptorModel, life: Life | undefined) => void][] = [
  ["open", (model) => model.open()],
  ["open", (model) => model.open()],
  ["announce", withLife((model, life) => model.want(life, 1 + model.any(3)))],
  ["announce", withLife((model, life) => model.want(life, 1 + model.any(3)))],
  ["announce", withLife((model, life) => model.want(life, 1 + model.any(3)))],
  ["remove", withLife((model, life) => model.want(life, 0))],
  ["close", withLife((model, life) => model.close1(life))],
  ["replace", withLife((model, life) => model.replace(life))],
  ["replace and announce", withLife((model, life) => model.replace(life, 1 + model.any(3)))],
  ["fill", withLife((model, life) => model.fill(life))],
  ["fill", withLife((model, life) => model.fill(life))],
  ["drain", withLife((model, life) => model.drain(life))],
  ["hang up", withLife((model, life) => model.any(4) === 0 && model.hangUp(life))],
  ["assign", withLife((model, life) => model.assign(life))],
  ["assign", withLife((model, life) => model.assign(life))],
  ["unassign", withLife((model, life) => model.unassign(life))],
  ["await", withLife((model, life) => model.await(life))],
  ["unawait", withLife((model, life) => model.unawait(life))],
  ["await a closed one", (model) => model.awaitClosed()],
  ["wake", (model) => model.wake()],
  ["burn ghosts", (model) => model.any(4) === 0 && model.burnGhosts()],
];

/** A connection that is closed on exec, both ends without blocking. */
function pair(): [number, number] {
  const ends = new Int32Array(2);
  must(socketpair!(AF_UNIX, SOCKET_TYPE, 0, ends) === 0, "socketpair failed");
  return [...ends] as [number, number];
}
