// The fd table, the sockets and a real poller against a plain model: random sequences of what
// libcurl and the kernel do to descriptors, on real socket pairs.
//
//   CURLEW_MODEL_STEPS=1000000 npm test -- test/driver/poller/model.test.ts
//   CURLEW_MODEL_SEED=7        npm test -- test/driver/poller/model.test.ts
//
// epoll only: kqueue, macOS' poller, has no kernel here (kqueue.test.ts has it on a model of one).
import process from "node:process";
import { expect, test } from "vitest";
import { native } from "../../../ffi/mod.ts";
import { DescriptorModel } from "./descriptor_model.ts";

const STEPS = Number(process.env["CURLEW_MODEL_STEPS"] ?? 4000);
const only = process.env["CURLEW_MODEL_SEED"];
const SEEDS = only === undefined ? [1, 2, 3, 4] : [Number(only)];
const PER_SEED = Math.ceil(STEPS / SEEDS.length);

const totals: Record<string, number> = {};

test.skipIf(native.os !== "linux").each(SEEDS)(
  `${PER_SEED} steps agree with the model (epoll, so Linux only), seed %i`,
  (seed) => {
    const model = new DescriptorModel(seed);
    try {
      for (let step = 1; step <= PER_SEED; step++) {
        try {
          model.step();
        } catch (error) {
          const where = `seed ${seed}, step ${step}: ${model.history.join(", ")}`;
          throw new Error(`${where}: CURLEW_MODEL_SEED=${seed} replays it`, { cause: error });
        }
      }
    } finally {
      model.close();
    }
    for (const [name, count] of Object.entries(model.counts)) {
      totals[name] = (totals[name] ?? 0) + count;
      // else the run would prove nothing of it
      expect(count, name).toBeGreaterThan(0);
    }
    if (seed === SEEDS.at(-1)) console.log(JSON.stringify(totals));
  },
  Math.max(20_000, PER_SEED * 2),
);
