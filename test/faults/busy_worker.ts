// A Worker with transfers of every kind in flight. Reports "busy" and continues until it is
// terminated.
import type { Ports } from "../server/start.ts";
import { busy } from "./busy.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { data: { ports: Ports; path: string } }) => void;
  postMessage(value: unknown): void;
};
scope.onmessage = ({ data: { ports, path } }) => {
  busy(ports, path);
  scope.postMessage("busy");
};
scope.postMessage("here");
