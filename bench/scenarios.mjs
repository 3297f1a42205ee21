// What is measured: data only.
//
// `mode` is what a client does (clients/harness.mjs), `baseline` the mode of the C program
// (c/baseline.c) where its name differs, null where C has none. `full` and `quick` are the plans of
// the long and the short form; where there is no `quick`, the short form leaves the scenario out. A
// plan's `args` are what the mode takes, its `bytes` what must have come, so that no client can win
// by doing less; without `bytes` any number will do. `waitsAt` is the path of the transfers that
// wait beside the others. `server` names one of servers.mjs, "http" unless given. `metrics` are
// those of metrics.mjs; `headline` has those that the README shows, with the words for them. With
// `bare` the runtimes alone are measured too. With `installed` curlew comes from the npm package,
// else from this clone. `left` names the clients that are left out.
import { BODIES } from "./scenarios/bodies.mjs";
import { PROCESSES } from "./scenarios/processes.mjs";
import { REQUESTS } from "./scenarios/requests.mjs";

export const SCENARIOS = [...REQUESTS, ...BODIES, ...PROCESSES];
