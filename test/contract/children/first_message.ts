// Counts the Workers that receive a message which is posted before they run, and that import
// `ffi/`.
import process from "node:process";

const COUNT = 10;

function hears(): Promise<boolean> {
  const worker = new Worker(new URL("./first_message_worker.ts", import.meta.url).href, {
    type: "module",
  });
  return new Promise((resolve) => {
    const end = (heard: boolean) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(heard);
    };
    const timer = setTimeout(end, 1000, false);
    worker.onmessage = () => end(true);
    worker.postMessage("first");
  });
}

let heard = 0;
for (let i = 0; i < COUNT; i++) if (await hears()) heard++;
console.log(`${heard} of ${COUNT}`);
process.exit(0);
