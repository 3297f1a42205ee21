// Scenarios of whole processes: start, import, waiting transfers, timers.
import { PEERS, SMALL, WITHOUT_CURLEW } from "./plans.mjs";

const ENDLESS = "/bytes/1000000000000";

const one = { path: "/small", args: [], bytes: SMALL };
/** The plan of a process without a request. */
const nothing = { path: "/", args: [], bytes: 0 };

/** The start of a process; `more` says where curlew comes from. */
const start = (more) => ({
  mode: "start",
  full: one,
  metrics: ["wallAbove", "cpuTotalAbove"],
  bare: true,
  ...more,
});

/** An import without a request. The client of Agent.perform imports the same module as fetch. */
const load = (more) => ({
  ...start(more),
  mode: "import",
  baseline: null,
  full: nothing,
  left: ["agent-bun", "agent-deno", ...WITHOUT_CURLEW],
});

const above = (words) => ({ cpuTotalAbove: `${words}: CPU ms above the bare runtime` });

export const PROCESSES = [
  {
    name: "idle",
    title: "1,000 that wait, for 5 s",
    mode: "hold",
    full: { path: "/hold", args: [1000, 5000], bytes: 0 },
    quick: { path: "/hold", args: [100, 500], bytes: 0 },
    metrics: ["cpuAbove", "memory"],
    headline: { cpuAbove: "1,000 that wait 5 s: CPU ms above the bare runtime" },
    bare: true,
  },
  {
    name: "fairness",
    title: "a timer of 1 ms beside 64 endless downloads, for 4 s",
    mode: "flood",
    full: { path: ENDLESS, args: [64, 4000] },
    quick: { path: ENDLESS, args: [64, 500] },
    metrics: ["timerWall", "timerOwn", "cpuPerGB"],
    headline: { timerWall: "1 ms timer beside 64 downloads: 99th percentile" },
  },
  load({
    name: "import",
    title: "import of curlew from the npm package",
    installed: true,
    quick: nothing,
    headline: above("import from the npm package"),
  }),
  load({
    name: "import-clone",
    title: "import of curlew from a clone",
    headline: above("import from a clone"),
  }),
  start({
    name: "start",
    title: "start of a process with one GET, from the npm package",
    installed: true,
    left: PEERS,
    quick: one,
    headline: above("start with one GET, from the npm package"),
  }),
  start({
    name: "start-clone",
    title: "start of a process with one GET, from a clone",
    left: [...WITHOUT_CURLEW.slice(0, 2), ...PEERS],
    headline: above("start with one GET, from a clone"),
  }),
];
