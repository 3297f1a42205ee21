// A Worker that parks on an epoll descriptor of its own and reports that; later it reports "ready".
import { type Kind, makeWatch } from "../park.ts";
import { Epoll, Signal, Transfer } from "../support.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { data: { kind: Kind; url: string } }) => void;
  postMessage(value: unknown): void;
};

scope.onmessage = ({ data: { kind, url } }) => {
  const parent = new Epoll(), signal = new Signal();
  parent.add(signal.fd);
  makeWatch(kind, parent, signal, () => scope.postMessage("ready")).arm();
  using transfer = new Transfer(url);
  const code = transfer.perform();
  scope.postMessage({ fd: signal.fd, code });
};
// Bun drops a message that arrives before a module graph with a top-level await is evaluated
scope.postMessage("here");
