// A Worker with an agent of its own. Reports "here", then executes commands.
import { Agent } from "../../../mod.ts";
import { easyFor, get } from "../support.ts";

interface Order {
  readonly url: string;
  readonly count: number;
  readonly wait: boolean;
}

const scope = globalThis as unknown as {
  onmessage: (event: { data: Order }) => void;
  postMessage(value: unknown): void;
};

const agent = new Agent();

scope.onmessage = async ({ data: { url, count, wait } }) => {
  try {
    if (!wait) {
      // dropped: an endless body must not be kept
      for (let i = 0; i < count; i++) agent.perform(easyFor(url)).catch(() => {});
      return void setTimeout(() => scope.postMessage("in flight"), 100);
    }
    const bodies = await Promise.all(Array.from({ length: count }, () => get(agent, url)));
    using easy = easyFor(url);
    await agent.perform(easy);
    scope.postMessage(bodies.filter((body) => body.length === 98).length);
  } catch (error) {
    scope.postMessage(String(error));
  }
};
scope.postMessage("here");
