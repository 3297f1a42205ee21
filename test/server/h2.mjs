// HTTP/2 without TLS, by prior knowledge.
import http2 from "node:http2";
import { wire } from "./http.mjs";
import { listen } from "./listen.mjs";

// The usual limit of 100 streams, memory for all their bodies, and room for many headers.
export const H2_OPTIONS = {
  settings: { maxConcurrentStreams: 100 },
  maxSessionMemory: 1000,
  maxHeaderListPairs: 4096,
};

export async function startH2c() {
  return { h2c: await listen(wire(http2.createServer(H2_OPTIONS), "h2c")) };
}
