/** The tests that are the same for every protocol, made from a description of it. */
import { expect, test } from "vitest";
import { Agent, type EasyOptions } from "../../mod.ts";
import { failures, Kept, leavesNothing, onAgent, perform, same } from "./support.ts";

/** The description of a protocol. */
export interface Protocol {
  /** The options of a transfer. Called for each transfer, since a READFUNCTION can be used once. */
  readonly get: () => EasyOptions;
  /** The expected bytes, or a function that checks them. */
  readonly check: Uint8Array | ((bytes: Uint8Array) => void);
  /** The options of transfers that fail, and the names of their codes. */
  readonly failing: Readonly<Record<string, readonly [options: () => EasyOptions, code: string]>>;
  /** The number of simultaneous transfers, 10 unless given. */
  readonly atOnce?: number;
  /**
   * The number of consecutive transfers on one kept connection; none where connections are not
   * kept.
   */
  readonly kept?: number;
  /** The number of further connections for each transfer, such as FTP's data connection. */
  readonly fresh?: number;
}

function verify({ check }: Protocol, bytes: Uint8Array): void {
  if (typeof check === "function") check(bytes);
  else expect(same(bytes, check), `${bytes.length} bytes came`).toBe(true);
}

/** Registers the tests. */
export function commonTests(protocol: Protocol): void {
  const { get, failing, atOnce = 10, kept, fresh = 0 } = protocol;

  test("a blocking transfer", () => {
    verify(protocol, perform(get()));
  });

  test("a transfer of an agent", async () => {
    await using agent = new Agent();
    verify(protocol, await onAgent(agent, get()));
  });

  test(`${atOnce} transfers of an agent at the same time`, async () => {
    await using agent = new Agent();
    const all = Array.from({ length: atOnce }, () => onAgent(agent, get()));
    for (const bytes of await Promise.all(all)) verify(protocol, bytes);
  });

  if (kept) {
    test(`${kept} transfers of an agent on one kept connection`, async () => {
      await using agent = new Agent();
      let connections = 0;
      for (let i = 0; i < kept; i++) {
        using easy = new Kept(get());
        await agent.perform(easy);
        connections += easy.getInfo("NUM_CONNECTS");
        verify(protocol, easy.bytes);
      }
      expect(connections).toBe(1 + kept * fresh);
    });

    test("blocking transfers of one handle on one connection", () => {
      using easy = new Kept(get());
      for (let i = 0; i < 5; i++) {
        easy.setOpts(get());
        easy.perform();
        expect(easy.getInfo("NUM_CONNECTS")).toBe(fresh + (i === 0 ? 1 : 0));
      }
    });
  }

  for (const [what, [options, code]] of Object.entries(failing)) {
    test(`${what}: ${code}`, async () => {
      expect(await failures(options)).toEqual([code, code]);
    });
  }

  test("nothing is left of transfers, good or bad", async () => {
    await leavesNothing(async () => {
      await using agent = new Agent();
      const bad = Object.values(failing).map(([options]) => onAgent(agent, options()));
      const good = [1, 2, 3].map(() => onAgent(agent, get()));
      await Promise.allSettled([...good, ...bad]);
    });
  });
}

/** A port on which nothing listens. */
export const REFUSED = "127.0.0.1:1";
