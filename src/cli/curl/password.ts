/**
 * Prompts for a password that a command leaves out, as curl does.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Reads a password from the terminal without echo. Throws where there is no terminal. */
export function askPassword(prompt: string): string {
  const terminal = openSync("/dev/tty", "r+");
  const stty = (mode: string) =>
    spawnSync("stty", [mode], { stdio: [terminal, "ignore", "ignore"] });
  try {
    writeSync(terminal, prompt);
    stty("-echo");
    return readLine(terminal);
  } finally {
    stty("echo");
    writeSync(terminal, "\n");
    closeSync(terminal);
  }
}

function readLine(fd: number): string {
  const buffer = new Uint8Array(1), bytes: number[] = [];
  while (readSync(fd, buffer, 0, 1, null) > 0 && buffer[0] !== 10) bytes.push(buffer[0] as number);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
