/**
 * The options for curl's tool itself, as objects.
 *
 * @module
 */

import type { Group, ToolValue } from "../read/group.ts";
import type { CurlGlobal, CurlTool } from "../types.ts";

type Notes = ReadonlyMap<string, ToolValue>;

const isOn = (notes: Notes, name: string) => notes.get(name) === true;
const numberOf = (notes: Notes, name: string, byDefault = 0) =>
  (notes.get(name) as number | undefined) ?? byDefault;
const textOf = (notes: Notes, name: string) => (notes.get(name) as string | undefined) ?? null;

/** The options of the tool for the transfers of a group. */
export function toolOf({ tool }: Group): CurlTool {
  const clobber = tool.get("clobber");
  return {
    fail: (tool.get("fail") as CurlTool["fail"] | undefined) ?? "never",
    showHeaders: isOn(tool, "show-headers"),
    dumpHeader: textOf(tool, "dump-header"),
    writeOut: textOf(tool, "write-out"),
    createDirs: isOn(tool, "create-dirs"),
    clobber: typeof clobber === "boolean" ? clobber : null,
    skipExisting: isOn(tool, "skip-existing"),
    removeOnError: isOn(tool, "remove-on-error"),
    remoteTime: isOn(tool, "remote-time"),
    continueAt: (tool.get("continue-at") as number | "-" | undefined) ?? null,
    retry: numberOf(tool, "retry"),
    retryDelay: numberOf(tool, "retry-delay"),
    retryMaxTime: numberOf(tool, "retry-max-time"),
    retryAllErrors: isOn(tool, "retry-all-errors"),
    retryConnrefused: isOn(tool, "retry-connrefused"),
    etagSave: textOf(tool, "etag-save"),
    etagCompare: textOf(tool, "etag-compare"),
  };
}

const MOST_PARALLEL = 65535, PARALLEL = 50;

/** The options of the tool for all transfers. */
export function globalOf(notes: Notes): CurlGlobal {
  const traced = ["trace", "trace-ascii"].find((name) => notes.has(name));
  const most = numberOf(notes, "parallel-max", PARALLEL) || PARALLEL;
  return {
    silent: isOn(notes, "silent"),
    showError: isOn(notes, "show-error"),
    verbose: numberOf(notes, "verbose"),
    trace: traced === undefined
      ? null
      : { path: textOf(notes, traced) ?? "", isAscii: traced === "trace-ascii" },
    traceTime: isOn(notes, "trace-time"),
    traceIds: isOn(notes, "trace-ids"),
    progressBar: isOn(notes, "progress-bar"),
    progressMeter: notes.get("progress-meter") !== false,
    stderr: textOf(notes, "stderr"),
    styledOutput: notes.get("styled-output") !== false,
    parallel: isOn(notes, "parallel") ? Math.min(most, MOST_PARALLEL) : 1,
    parallelHost: numberOf(notes, "parallel-max-host"),
    parallelImmediate: isOn(notes, "parallel-immediate"),
    failEarly: isOn(notes, "fail-early"),
    rate: numberOf(notes, "rate"),
  };
}
