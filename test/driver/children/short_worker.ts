// A Worker that makes one request, and ends: with an agent that it closes, or with the default one.
import { Agent, fetch } from "../../../mod.ts";

interface Order {
  readonly url: string;
  readonly own: boolean;
}

const scope = globalThis as unknown as {
  onmessage: (event: { data: Order }) => void;
  postMessage(value: unknown): void;
  close(): void;
};

scope.onmessage = async ({ data: { url, own } }) => {
  if (own) {
    await using agent = new Agent();
    await (await fetch(url, { agent })).text();
  } else await (await fetch(url)).text();
  scope.postMessage("done");
  scope.close();
};
scope.postMessage("here");
