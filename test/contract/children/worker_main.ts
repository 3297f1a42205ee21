// Parks in Workers, then wakes or terminates them; afterwards the main thread makes a transfer.
import process from "node:process";
import { libc } from "../../../ffi/libc.ts";
import type { Kind } from "../park.ts";
import { sleep, Transfer } from "../support.ts";
import { Loop } from "../loop.ts";

const [kind, step, url] = process.argv.slice(2) as [Kind, string, string];

interface Parked {
  readonly worker: Worker;
  /** The descriptor that ends the wait: all threads share descriptors. */
  readonly fd: number;
  readonly ready: Promise<void>;
}

function park(): Promise<Parked> {
  const worker = new Worker(new URL("./parked_worker.ts", import.meta.url).href, {
    type: "module",
  });
  const ready = Promise.withResolvers<void>();
  const parked = Promise.withResolvers<Parked>();
  worker.onerror = (event) => parked.reject(event);
  worker.onmessage = ({ data }) => {
    if (data === "here") worker.postMessage({ kind, url });
    else if (data === "ready") ready.resolve();
    else if (data.code !== 0) parked.reject(new Error(`transfer in the Worker: ${data.code}`));
    else parked.resolve({ worker, fd: data.fd as number, ready: ready.promise });
  };
  return parked.promise;
}

const wake = (fd: number) => libc.write(fd, new BigInt64Array([1n]), 8);

async function transfers(count: number): Promise<void> {
  using loop = new Loop();
  for (let i = 0; i < count; i++) {
    using transfer = new Transfer(url);
    const code = await loop.perform(transfer);
    if (code !== 0) throw new Error(`transfer ${i} on the main thread: ${code}`);
  }
}

for (let round = 0; round < 3; round++) {
  const { worker, fd, ready } = await park();
  if (step === "wake") {
    wake(fd);
    await ready;
  }
  worker.terminate();
  await transfers(20);
  await sleep(50);
  if (step === "terminate-wake") wake(fd); // a thread that was left blocked returns now
  await transfers(20);
}
await sleep(100);
console.log("done");
