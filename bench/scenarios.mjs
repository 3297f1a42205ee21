// The scenarios, as data.
//
// `mode` is the mode of the client (clients/harness.mjs); `baseline` is the mode of the C program
// (c/baseline.c) if its name differs, null if C has none. `full` and `quick` are the plans of the
// long and the short form; the short form omits scenarios without `quick`. A plan's `args` are the
// arguments of the mode. Its `bytes` are the expected bytes, so that no client can win by doing
// less; without them any number is accepted. `waitsAt` is the path of the transfers that wait while
// the others run. `server` names a server of servers.mjs, "http" by default. `metrics` are those of
// metrics.mjs; `headline` has those that the README shows, with their titles. With `bare` the
// runtimes alone are measured too. With `installed` curlew is the npm package, otherwise this
// clone. `left` names the clients that are left out.
import { BODIES } from "./scenarios/bodies.mjs";
import { PROCESSES } from "./scenarios/processes.mjs";
import { REQUESTS } from "./scenarios/requests.mjs";

export const SCENARIOS = [...REQUESTS, ...BODIES, ...PROCESSES];
