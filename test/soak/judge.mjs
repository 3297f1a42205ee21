// Whether a process holds no more at the end of a run than at its start. The rule: the first tenth
// of the samples is left out; then the median of the last tenth may be higher than that of the
// second tenth by no more than the `most` of each figure. Each sample is taken between transfers,
// after a garbage collection.
const MIB = 1024 ** 2;

/** How many transfers of the mixture run at once: that of main.ts. */
const WIDTH = 48;

/** What may be added in the whole run, and how it is shown. */
export const FIGURES = {
  rss: { title: "RSS", most: 16 * MIB, show: (value) => `${Math.round(value / MIB)} MiB` },
  // the number of idle connections varies; Deno opens a few files of its own
  fds: { title: "descriptors", most: 16 },
  // fetch keeps idle handles, at most as many as there were transfers at once
  easies: { title: "easy handles", most: WIDTH },
  multis: { title: "multi handles", most: 0 },
  shares: { title: "share handles", most: 0 },
  callbacks: { title: "native callbacks", most: 0 },
  tokens: { title: "handles that callbacks reach", most: WIDTH },
  hooks: { title: "hooks of sockets", most: 0 },
  lists: { title: "C lists", most: 0 },
  blocks: { title: "C blocks", most: WIDTH + 1 }, // one for each handle, and one of Deno's wait
  files: { title: "open downloads", most: 0 },
  active: { title: "transfers in flight", most: 0 },
};

/** The least number of samples that can be judged. */
const FEWEST = 20;

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The figures of a run: `[{ name, title, first, last, ok }]`, null where it was too short. */
export function judge(samples) {
  if (samples.length < FEWEST) return null;
  const tenth = Math.floor(samples.length / 10);
  const first = samples.slice(tenth, 2 * tenth), last = samples.slice(-tenth);
  return Object.entries(FIGURES).map(([name, { title, most, show = String }]) => {
    const [from, to] = [first, last].map((some) => median(some.map((sample) => sample[name])));
    return { name, title, first: show(from), last: show(to), ok: to - from <= most };
  });
}
