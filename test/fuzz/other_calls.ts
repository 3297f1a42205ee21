/** Calls on Share, CurlUrl and Mime. */
import { CurlUrl, Mime, Share } from "../../mod.ts";
import { callback } from "./callbacks.ts";
import { perhapsEvil } from "./evil.ts";
import type { Step } from "./easy_calls.ts";
import { type Any, NUMBERS, odd, oddBytes } from "./odd.ts";
import { anyUrl } from "./places.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

type Kind = "shares" | "urls" | "mimes";

function slot(world: World, kind: Kind, random: Random): readonly [string, Any, number] {
  const i = random.below(world[kind].length);
  return [`${kind}${i}`, world[kind][i], i];
}

const PARTS = ["URL", "SCHEME", "USER", "PASSWORD", "OPTIONS", "HOST", "PORT", "PATH", "QUERY"];

const part = (random: Random): readonly [string, Any] => {
  if (random.chance(15)) return odd(random);
  const name = random.pick([...PARTS, "FRAGMENT", "ZONEID"]);
  return [name, name];
};

const bits = (random: Random): readonly [string, Any] => {
  if (random.chance(10)) return odd(random);
  const number = random.chance(80) ? random.below(1 << 14) : random.pick(NUMBERS);
  return [`${number}`, number];
};

const text = (world: World, random: Random): readonly [string, Any] =>
  random.chance(40) ? odd(random) : ["a URL", anyUrl(world, random)];

const newUrl: Step = (world, random) => {
  const [name, url, i] = slot(world, "urls", random), [label, value] = text(world, random);
  const [flagsLabel, flags] = bits(random);
  world.call(`${name} = new CurlUrl(${label}, ${flagsLabel})`, "url", () => {
    world.urls[i] = new CurlUrl(value, flags);
    if (random.chance(80)) url.close();
  });
};

const setUrl: Step = (world, random) => {
  const [name, url] = slot(world, "urls", random), [label, value] = text(world, random);
  const [partLabel, which] = part(random), [flagsLabel, flags] = bits(random);
  const what = `${name}.set(${partLabel}, ${label}, ${flagsLabel})`;
  world.call(what, "url", () => url.set(which, value, flags));
};

const getUrl: Step = (world, random) => {
  const [name, url] = slot(world, "urls", random);
  const [partLabel, which] = part(random), [flagsLabel, flags] = bits(random);
  world.call(`${name}.get(${partLabel}, ${flagsLabel})`, "url", () => url.get(which, flags));
};

const useUrl: Step = (world, random) => {
  const [name, url, i] = slot(world, "urls", random);
  const method = random.pick(["toString", "duplicate", "close"]);
  world.call(`${name}.${method}()`, "url", () => {
    const value = url[method]();
    if (value instanceof CurlUrl) world.urls[(i + 1) % world.urls.length] = value;
  });
};

const newShare: Step = (world, random) => {
  const [name, share, i] = slot(world, "shares", random);
  world.call(`${name} = new Share()`, "share", () => {
    world.shares[i] = new Share();
    if (random.chance(80)) share.close();
  });
};

const setShare: Step = (world, random) => {
  const [name, share] = slot(world, "shares", random);
  const [label, option] = random.chance(90) ? [random.pick(["SHARE", "UNSHARE"])] : odd(random);
  const [dataLabel, data] = bits(random), kind = random.below(9);
  const [shown, used] = random.chance(70) ? [kind, kind] : [dataLabel, data];
  const what = `${name}.setOpt(${label}, ${shown})`;
  world.call(what, "share", () => share.setOpt(option ?? label, used));
};

const closeShare: Step = (world, random) => {
  const [name, share] = slot(world, "shares", random);
  world.call(`${name}.close()`, "share", () => share.close());
};

/** The members of a part, valid more often than not. */
function partSpec(world: World, random: Random): Any {
  const spec: Record<string, unknown> = { name: "n" };
  const content = random.below(6);
  if (content === 0) spec["data"] = oddBytes(random)[1];
  else if (content === 1) spec["file"] = random.pick(["file.txt", "/dev/null", "nowhere", "/"]);
  else if (content === 2) spec["subparts"] = random.pick(world.mimes);
  else if (content === 3) {
    const read = callback(world, "READFUNCTION", random), seek = callback(world, "SEEK", random);
    spec["reader"] = { size: random.pick([undefined, 0, 10, 5n, -1]), read, seek };
  } else spec["data"] = "text";
  for (const member of ["name", "type", "encoder", "filename", "headers", "reader", "odd"]) {
    if (random.chance(6)) spec[member] = odd(random)[1];
  }
  for (const member of ["data", "reader"]) {
    if (spec[member]) spec[member] = perhapsEvil(world, random, spec[member]);
  }
  return perhapsEvil(world, random, spec);
}

const addPart: Step = (world, random) => {
  const [name, mime] = slot(world, "mimes", random);
  const [label, spec] = random.chance(80) ? ["…", partSpec(world, random)] : odd(random);
  world.call(`${name}.addPart(${label})`, "easy", () => mime.addPart(spec));
};

const newMime: Step = (world, random) => {
  const [name, mime, i] = slot(world, "mimes", random);
  world.call(`${name} = new Mime()`, "easy", () => {
    world.mimes[i] = new Mime();
    if (random.chance(70)) mime.close();
  });
};

const closeMime: Step = (world, random) => {
  const [name, mime] = slot(world, "mimes", random);
  world.call(`${name}.close()`, "easy", () => mime.close());
};

export const otherSteps: readonly (readonly [weight: number, step: Step])[] = [
  [2, newUrl],
  [5, setUrl],
  [4, getUrl],
  [3, useUrl],
  [2, newShare],
  [6, setShare],
  [2, closeShare],
  [7, addPart],
  [3, newMime],
  [2, closeMime],
];
