// The metrics of a run. `run` has the client's report on its measured part (wall, user, sys in
// seconds; requests, bytes) and, as `total`, the meter's report on the whole process. `bare` is the
// run of the runtime alone in the same round, if the scenario has one.
const cpu = ({ user, sys }) => user + sys;
const above = (of) => (run, bare) => (of(run) - (bare ? of(bare) : 0)) * 1e3;

/** `ratio` is false for a difference or a size, which is not compared with C. */
export const METRICS = {
  cpuPerRequest: {
    title: "CPU µs per request",
    unit: "µs",
    of: (run) => cpu(run) / run.requests * 1e6,
    digits: 1,
    ratio: true,
  },
  wallPerRequest: {
    title: "wall µs per request",
    unit: "µs",
    of: (run) => run.wall / run.requests * 1e6,
    digits: 1,
    ratio: true,
  },
  cpuPerGB: {
    title: "CPU s per GB",
    unit: "s/GB",
    of: (run) => cpu(run) / run.bytes * 1e9,
    digits: 3,
    ratio: true,
  },
  wallPerGB: {
    title: "wall s per GB",
    unit: "s/GB",
    of: (run) => run.wall / run.bytes * 1e9,
    digits: 3,
    ratio: true,
  },
  wall: { title: "wall s", unit: "s", of: (run) => run.wall, digits: 2, ratio: true },
  memory: {
    title: "peak memory MB",
    of: (run) => run.total.rss / 1e6,
    digits: 0,
    ratio: false,
  },
  timerWall: {
    title: "p99 of a 1 ms timer, ms",
    unit: "ms",
    of: (run) => run.timerWall * 1e3,
    digits: 1,
    ratio: false,
  },
  timerOwn: {
    title: "without the time of others, ms",
    unit: "ms",
    of: (run) => run.timerOwn * 1e3,
    digits: 1,
    ratio: false,
  },
  cpuAbove: {
    title: "CPU ms above the bare runtime",
    of: above(cpu),
    digits: 1,
    ratio: false,
  },
  wallAbove: {
    title: "wall ms above the bare runtime",
    of: above((run) => run.total.wall),
    digits: 1,
    ratio: false,
  },
  cpuTotalAbove: {
    title: "CPU ms above the bare runtime, of the whole process",
    of: above((run) => cpu(run.total)),
    digits: 1,
    ratio: false,
  },
};
