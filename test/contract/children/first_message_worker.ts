import "../../../ffi/runtime.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { data: unknown }) => void;
  postMessage(value: unknown): void;
};
scope.onmessage = ({ data }) => scope.postMessage(data);
