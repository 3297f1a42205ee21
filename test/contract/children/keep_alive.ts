// Parks, with nothing else that keeps the process alive. Prints "ready" if the process is still
// alive at the event after 700 ms.
import process from "node:process";
import { type Kind, makeWatch } from "../park.ts";
import { Epoll, Signal } from "../support.ts";

const [kind, step] = process.argv.slice(2) as [Kind, string];
const parent = new Epoll(), signal = new Signal();
parent.add(signal.fd);
const watch = makeWatch(kind, parent, signal, () => {
  console.log("ready");
  watch.close();
});

function later(ms: number, run: () => void): void {
  (setTimeout(run, ms) as unknown as { unref(): void }).unref();
}

later(700, () => signal.raise());
later(3000, () => process.exit(9)); // the test would report it as a hang
switch (step) {
  case "held":
    watch.keepAlive(true);
    watch.arm();
    break;
  case "default":
    watch.arm();
    break;
  case "let-go-before":
    watch.keepAlive(false);
    watch.arm();
    break;
  case "let-go-while":
    watch.arm();
    setTimeout(() => watch.keepAlive(false), 50);
    break;
  case "held-again":
    watch.keepAlive(false);
    watch.arm();
    watch.keepAlive(true);
    break;
  case "not-armed":
    watch.keepAlive(true);
    break;
  case "closed":
    watch.arm();
    setTimeout(() => watch.close(), 50);
    break;
  case "closed-at-once":
    watch.arm();
    watch.close();
    break;
}
