/**
 * The report of the doctor: the facts, the problems, and the text for people.
 *
 * @module
 */

import { CurlLoadError } from "../errors.ts";
import {
  type CertificateFacts,
  certificateFacts,
  type LibraryFacts,
  libraryFacts,
  type SystemFacts,
  systemFacts,
} from "./facts.ts";
import { isInstance } from "../untrusted.ts";
import { type Check, selfTest } from "./self_test.ts";

/** The facts, the results of the checks, and the problems. */
export interface Report {
  readonly system: SystemFacts;
  /** The facts about libcurl, `null` where none can be loaded. */
  readonly library: LibraryFacts | null;
  readonly certificates: readonly CertificateFacts[];
  readonly checks: readonly Check[];
  /** The problems, in words. Empty where there is none. */
  readonly problems: readonly string[];
}

/** Collects the facts, runs the checks, and finds the problems. */
export async function examine(): Promise<Report> {
  const system = systemFacts();
  let library: LibraryFacts;
  try {
    library = libraryFacts();
  } catch (error) {
    if (!isInstance(error, CurlLoadError)) throw error;
    return { system, library: null, certificates: [], checks: [], problems: [error.message] };
  }
  const certificates = certificateFacts(library);
  const checks = await selfTest();
  const problems = [...certificateProblems(certificates), ...checkProblems(checks, system)];
  return { system, library, certificates, checks, problems };
}

function certificateProblems(places: readonly CertificateFacts[]): string[] {
  if (places.length === 0 || places.some(({ count }) => count)) return [];
  const paths = places.map(({ path }) => path).join(", ");
  return [
    `No CA certificates in ${paths}, so no server can be verified: install ca-certificates, ` +
    "or name a bundle with the option CAINFO",
  ];
}

function checkProblems(checks: readonly Check[], { runtime, wait }: SystemFacts): string[] {
  const problems = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (problems.length > 0 && runtime === "bun" && wait === "loop") {
    problems.push("See whether CURLEW_WAIT=worker, another way to wait, helps");
  }
  return problems;
}

const LABEL = 16, WIDTH = 100;

/** A row of the report. A long one is wrapped between words. */
function row(label: string, text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1, line = lines[last]!;
    if (line === "") lines[last] = word;
    else if (line.length + 1 + word.length <= WIDTH - LABEL) lines[last] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, i) => (i === 0 ? label : "").padEnd(LABEL) + line + "\n").join("");
}

function systemText(system: SystemFacts): string {
  const { curlew, runtime, runtimeVersion, os, osRelease, distribution, arch, wait } = system;
  return row("curlew", curlew) +
    row("runtime", `${runtime} ${runtimeVersion}`) +
    row("system", `${os} ${osRelease} ${arch}${distribution ? `, ${distribution}` : ""}`) +
    row("waits by", wait) +
    Object.entries(system.environment).map(([name, value]) => row(name, value)).join("");
}

function libraryText(library: LibraryFacts): string {
  const { version, host, ssl, libraries, protocols, features } = library;
  const others = Object.entries(libraries).map(([name, version]) => `${name} ${version}`);
  return row("libcurl", `${version} for ${host}`) +
    row("loaded as", library.library) +
    row("file", library.file ?? "unknown") +
    row("TLS", ssl ?? "none") +
    row("other parts", others.join(", ")) +
    row("protocols", protocols.join(" ")) +
    row("features", features.join(" "));
}

function certificateText({ kind, path, count }: CertificateFacts): string {
  const found = count === null ? "CANNOT BE READ" : `${count} entries`;
  return row(`CA ${kind}`, `${path}: ${found}`);
}

const checkText = ({ name, ok, detail }: Check) =>
  row("self-test", `${ok ? "ok" : "FAILED"}: ${name}: ${detail}`);

/** The text of the report, for people. */
export function reportText(report: Report): string {
  const { system, library, certificates, checks, problems } = report;
  return systemText(system) +
    (library ? libraryText(library) : "") +
    certificates.map(certificateText).join("") +
    checks.map(checkText).join("") +
    (problems.length === 0 ? "\nAll is well.\n" : `\nBroken:\n${problems.join("\n")}\n`);
}
