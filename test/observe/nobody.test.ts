// What calls pay while nobody observes: nothing is kept of them.
import { expect, test } from "vitest";
import { Agent } from "../../mod.ts";
import { observe } from "../../observe.ts";
import { newTrail } from "../../src/http/request/trail.ts";

test("calls have a trail only while an agent is observed", async () => {
  await using one = new Agent(), other = new Agent();
  expect(newTrail()).toBeNull();
  const first = observe(one, {}), second = observe(one, {}), third = observe(other, {});
  for (const { detach } of [first, second, third]) {
    expect(newTrail()).toMatchObject({ attempt: -1 });
    detach();
  }
  expect(newTrail()).toBeNull();
});
