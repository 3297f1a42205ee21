// A reporter for vitest that names the tests that did not run, and the reason where it is not part
// of the name. A group of which nothing ran stands for its tests.
import process from "node:process";

/** The lines for one file: a table of tests is left out for one reason, so a few tell it. */
const MOST = 5;

function hasRun(task) {
  if (task.type === "test") return task.result().state !== "skipped";
  return [...task.children.allTests()].some(hasRun);
}

/** The names of what did not run in a file or in one of its groups. */
function notRun(task) {
  if (task.type === "module" || (task.type === "suite" && hasRun(task))) {
    return [...task.children].flatMap(notRun);
  }
  if (hasRun(task)) return [];
  const note = task.type === "test" ? task.result().note : undefined;
  return [`${task.fullName}${note ? ` (${note})` : ""}`];
}

export default class NotRunReporter {
  onTestRunEnd(files) {
    for (const file of files) {
      const names = notRun(file), line = `NOT RUN: ${file.relativeModuleId}: `;
      for (const name of names.slice(0, MOST)) process.stdout.write(`${line}${name}\n`);
      if (names.length > MOST) process.stdout.write(`${line}and ${names.length - MOST} more\n`);
    }
  }
}
