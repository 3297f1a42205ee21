/** The contract of pollers as a test suite, for each poller with its own kernel. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FAILED, type Poller, READ, WRITE } from "../../../src/driver/poller/poller.ts";

/** One end of a connection, whose other end the test has. */
export interface End {
  readonly fd: number;
  /** Makes it readable. */
  fill(): void;
  drain(): void;
  /** Makes it not writable, or writable again. */
  stuff(): void;
  unstuff(): void;
  hangUp(): void;
  close(): void;
}

/** The kernel under a poller. */
export interface World {
  poller(): Poller;
  end(): End;
  /** Whether a poller's own descriptor is readable. */
  isReadable(fd: number): boolean;
  /** The number of open descriptors. */
  count(): number;
}

export type Told = [fd: number, mask: number, tag: number];

/** The events of a poller. */
export function look(poller: Poller): Told[] {
  const count = poller.ready();
  return Array.from(
    { length: count },
    (_, i): Told => [poller.fdAt(i), poller.maskAt(i), poller.tagAt(i)],
  );
}

/** Declares the suite. */
export function pollerContract(name: string, world: World): void {
  describe(name, () => {
    let poller: Poller, ends: End[];
    beforeEach(() => {
      poller = world.poller();
      ends = [];
    });
    afterEach(() => {
      for (const end of ends) end.close();
      poller.close();
    });

    function end(): End {
      const made = world.end();
      ends.push(made);
      return made;
    }

    test("an empty poller has nothing to tell", () => {
      expect(look(poller)).toEqual([]);
      expect(world.isReadable(poller.fd)).toBe(false);
    });

    test("what can be read is told with descriptor, mask and tag, until it was read", () => {
      const one = end();
      poller.set(one.fd, READ, 42);
      expect(look(poller)).toEqual([]);
      one.fill();
      expect(world.isReadable(poller.fd)).toBe(true);
      for (let i = 0; i < 3; i++) expect(look(poller)).toEqual([[one.fd, READ, 42]]);
      one.drain();
      expect(look(poller)).toEqual([]);
      expect(world.isReadable(poller.fd)).toBe(false);
    });

    test("what can be written is told, as long as it can", () => {
      const one = end();
      poller.set(one.fd, WRITE, 1);
      for (let i = 0; i < 3; i++) expect(look(poller)).toEqual([[one.fd, WRITE, 1]]);
      one.stuff();
      expect(look(poller)).toEqual([]);
      one.unstuff();
      expect(look(poller)).toEqual([[one.fd, WRITE, 1]]);
    });

    test("both are one event", () => {
      const one = end();
      poller.set(one.fd, READ | WRITE, 3);
      expect(look(poller)).toEqual([[one.fd, WRITE, 3]]);
      one.fill();
      expect(look(poller)).toEqual([[one.fd, READ | WRITE, 3]]);
    });

    test("only what was asked for is told", () => {
      const one = end();
      poller.set(one.fd, READ, 1);
      expect(look(poller)).toEqual([]); // it was writable
      one.fill();
      poller.set(one.fd, WRITE, 1);
      expect(look(poller)).toEqual([[one.fd, WRITE, 1]]); // it was readable
    });

    test("set replaces interest and tag", () => {
      const one = end();
      one.fill();
      const steps = [[READ, 1], [READ | WRITE, 2], [WRITE, 3], [READ, 4], [READ, 5]] as const;
      for (const [interest, tag] of steps) {
        poller.set(one.fd, interest, tag);
        expect(look(poller)).toEqual([[one.fd, interest, tag]]);
      }
    });

    test.each([1, 0, -1, 0x7fffffff, -0x80000000])("the tag %i comes back as it was", (tag) => {
      const one = end();
      one.fill();
      poller.set(one.fd, READ, tag);
      expect(look(poller)).toEqual([[one.fd, READ, tag]]);
    });

    test("the end of the stream is told, whatever was asked for", () => {
      const [reading, writing] = [end(), end()];
      poller.set(reading.fd, READ, 1);
      poller.set(writing.fd, WRITE, 2);
      reading.hangUp();
      writing.hangUp();
      const told = look(poller).sort((a, b) => a[2] - b[2]);
      expect(told.map(([fd, mask, tag]) => [fd, mask & FAILED, tag]))
        .toEqual([[reading.fd, FAILED, 1], [writing.fd, FAILED, 2]]);
    });

    test("what was deleted is told no longer", () => {
      const one = end(), other = end();
      for (const { fd, fill } of [one, other]) fill(), poller.set(fd, READ | WRITE, 1);
      poller.delete(one.fd);
      expect(look(poller)).toEqual([[other.fd, READ | WRITE, 1]]);
      poller.set(one.fd, READ, 2);
      expect(look(poller)).toContainEqual([one.fd, READ, 2]);
    });

    test("deleting what is unknown, deleted or closed is no error", () => {
      const one = end();
      poller.delete(one.fd);
      poller.delete(999_999);
      poller.delete(-1);
      poller.set(one.fd, READ | WRITE, 1);
      poller.delete(one.fd);
      poller.delete(one.fd);
      poller.set(one.fd, READ | WRITE, 1);
      one.close();
      poller.delete(one.fd);
      expect(look(poller)).toEqual([]);
    });

    test("watching what is not open throws", () => {
      expect(() => poller.set(999_999, READ, 1)).toThrow();
      expect(look(poller)).toEqual([]);
    });

    test("what was closed is told no longer, and its number may come again", () => {
      const first = end();
      first.fill();
      poller.set(first.fd, READ | WRITE, 1);
      first.close();
      expect(look(poller)).toEqual([]);
      const second = end();
      expect(second.fd).toBe(first.fd);
      second.fill();
      expect(look(poller)).toEqual([]); // no direction of it was asked for
      poller.set(second.fd, READ, 2);
      expect(look(poller)).toEqual([[second.fd, READ, 2]]);
    });

    test("a registration is confirmed as long as its number leads to its file", () => {
      const first = end(), kept = end();
      poller.set(first.fd, READ | WRITE, 1);
      poller.set(kept.fd, READ, 2);
      expect(poller.confirm(first.fd, READ | WRITE, 1)).toBe(true);
      first.close();
      expect(poller.confirm(first.fd, READ | WRITE, 1)).toBe(false);
      const second = end();
      expect(second.fd).toBe(first.fd);
      expect(poller.confirm(first.fd, READ | WRITE, 1)).toBe(false);
      kept.fill();
      expect(poller.confirm(kept.fd, READ, 2)).toBe(true);
      expect(look(poller)).toEqual([[kept.fd, READ, 2]]); // the registration is unchanged
      poller.delete(kept.fd);
      expect(poller.confirm(kept.fd, READ, 2)).toBe(false);
    });

    test("wake makes its descriptor readable until the next look, which tells nothing of it", () => {
      poller.prepareWake();
      expect(world.isReadable(poller.fd)).toBe(false);
      for (let i = 0; i < 3; i++) {
        poller.wake();
        poller.wake();
        expect(world.isReadable(poller.fd)).toBe(true);
        expect(look(poller)).toEqual([]);
        expect(world.isReadable(poller.fd)).toBe(false);
      }
    });

    test("a wake-up does not cover other events", () => {
      const all = [end(), end(), end()];
      for (const { fd, fill } of all) fill(), poller.set(fd, READ, fd);
      poller.wake();
      const told = look(poller).map(([fd]) => fd).sort();
      expect(told).toEqual(all.map(({ fd }) => fd).sort());
      for (const one of all) one.drain();
      expect(world.isReadable(poller.fd)).toBe(false);
    });

    test("more than one look holds is told in several", () => {
      const all = new Map(Array.from({ length: 300 }, () => end()).map((one) => [one.fd, one]));
      for (const one of all.values()) one.fill(), poller.set(one.fd, READ, one.fd);
      let looks = 0;
      for (; all.size > 0 && looks < 20; looks++) {
        for (const [fd] of look(poller)) all.get(fd)?.drain(), all.delete(fd);
      }
      expect(all.size).toBe(0);
      expect(look(poller)).toEqual([]);
    });

    test("one poller watches another", () => {
      const parent = world.poller(), one = end();
      parent.set(poller.fd, READ, 7);
      poller.set(one.fd, READ, 1);
      expect(look(parent)).toEqual([]);
      one.fill();
      expect(look(parent)).toEqual([[poller.fd, READ, 7]]);
      one.drain();
      expect(look(parent)).toEqual([]);
      poller.wake();
      expect(look(parent)).toEqual([[poller.fd, READ, 7]]);
      parent.close();
    });

    test("close gives every descriptor back", () => {
      const before = world.count();
      for (let i = 0; i < 10; i++) {
        const other = world.poller();
        if (i % 2) other.wake();
        other.close();
      }
      expect(world.count()).toBe(before);
    });
  });
}
