// Random lives of a few numbers: opened, closed behind the poller's back, duplicated, set, deleted,
// filled and drained in any order. What may be told, and what must be, follows from a model.
import { afterEach, expect, test } from "vitest";
import { libc } from "../../../ffi/libc.ts";
import { Poller } from "../../../poll.ts";
import { isFull } from "../support.ts";
import * as kinds from "./support.ts";

const FIRST = 900, NUMBERS = 6, STEPS = 400, RUNS = isFull ? 40 : 6;
const IN = 1;

/** A generator of whole numbers below a limit, the same for the same seed (mulberry32). */
function randomOf(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** What stands under a number. */
interface Slot {
  pipe: ReturnType<typeof kinds.pipeAt> | null;
  isFilled: boolean;
  isWatched: boolean;
}

class World {
  readonly poller = new Poller();
  readonly slots: Slot[] = Array.from(
    { length: NUMBERS },
    () => ({ pipe: null, isFilled: false, isWatched: false }),
  );
  /** Duplicates and writing ends of files that no number of ours leads to any more. */
  readonly left: number[] = [];
  readonly log: string[] = [];

  step(random: (limit: number) => number): void {
    const i = random(NUMBERS), slot = this.slots[i]!, fd = FIRST + i;
    const steps = {
      open: () => slot.pipe ??= kinds.pipeAt(fd),
      close: () => this.#end(slot, false),
      abandon: () => this.#end(slot, true),
      fill: () => {
        slot.pipe?.fill();
        slot.isFilled = slot.pipe !== null;
      },
      drain: () => {
        slot.pipe?.drain();
        slot.isFilled = false;
      },
      set: () => {
        if (slot.pipe === null) {
          return expect(() => this.poller.set(fd, IN)).toThrow("Bad file descriptor");
        }
        this.poller.set(fd, IN);
        slot.isWatched = true;
      },
      delete: () => {
        this.poller.delete(fd);
        slot.isWatched = false;
      },
    };
    const names = [...Object.keys(steps), "open", "fill", "fill", "set", "set"];
    const name = names[random(names.length)] as keyof typeof steps;
    this.log.push(`${name} ${fd}`);
    steps[name]();
  }

  /** Closes a number without a word to the poller; its file may stay open by another number. */
  #end(slot: Slot, filesStay: boolean): void {
    if (!slot.pipe) return;
    const { fd, writing } = slot.pipe;
    if (filesStay) {
      this.left.push(kinds.duplicate(fd), writing);
      libc.close(fd);
    } else slot.pipe.close();
    Object.assign(slot, { pipe: null, isFilled: false, isWatched: false });
  }

  /** What must be told, and nothing else may be. */
  get expected(): number[] {
    return this.slots.flatMap(({ isFilled, isWatched }, i) =>
      isFilled && isWatched ? [FIRST + i] : []
    );
  }

  close(): void {
    this.poller.close();
    for (const slot of this.slots) this.#end(slot, false);
    for (const fd of this.left) libc.close(fd);
  }
}

let world: World | null = null;
afterEach(() => world?.close());

test.each(Array.from({ length: RUNS }, (_, i) => i + 1))(
  "what is told is what the present files of the numbers are ready for: seed %i",
  async (seed) => {
    const random = randomOf(seed);
    world = new World();
    let told = 0;
    for (let i = 0; i < STEPS; i++) {
      for (let steps = 1 + random(4); steps > 0; steps--) world.step(random);
      const { expected } = world;
      // with something to tell it must come; with nothing it must not, also after a moment
      const timeout = expected.length > 0 ? 5000 : random(8) === 0 ? 2 : 0;
      const found = await world.poller.wait({ timeout });
      const where = `seed ${seed}: ${world.log.slice(-30).join(", ")}`;
      expect(found.map(({ fd }) => fd).sort(), where).toEqual(expected);
      told += found.length;
    }
    expect(told).toBeGreaterThan(STEPS / 4);
    expect(world.left.length).toBeGreaterThan(10); // else it would prove nothing of such files
    world.close();
    world = null;
  },
);
