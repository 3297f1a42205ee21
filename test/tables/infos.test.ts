import { afterAll, describe, expect, test } from "vitest";
import { native } from "../../ffi/mod.ts";
import { type InfoKind, type InfoRow, infos } from "../../ffi/curl/infos.ts";
import { flags } from "../../ffi/curl/flags.ts";
import { Struct } from "../../ffi/memory.ts";
import { curl, known } from "./support.ts";

const rows: Readonly<Record<string, InfoRow>> = infos satisfies Record<string, InfoRow>;

const TYPE_BITS: Record<InfoKind, number> = {
  string: flags.CURLINFO_STRING,
  pointer: flags.CURLINFO_STRING,
  long: flags.CURLINFO_LONG,
  double: flags.CURLINFO_DOUBLE,
  slist: flags.CURLINFO_SLIST,
  certinfo: flags.CURLINFO_PTR,
  tlssession: flags.CURLINFO_PTR,
  socket: flags.CURLINFO_SOCKET,
  off_t: flags.CURLINFO_OFF_T,
};

describe("infos", () => {
  const handle = curl.curl_easy_init();
  afterAll(() => curl.curl_easy_cleanup(handle));

  // Bytes that no answer of a fresh handle has in its upper half.
  const UNTOUCHED = 0xaaaaaaaa | 0;

  function ask(id: number): { code: number; words: Int32Array<ArrayBuffer> } {
    const words = new Int32Array(2).fill(UNTOUCHED);
    return { code: curl.curl_easy_getinfo.out(handle, id, words), words };
  }

  test("the type in an id is that of its kind", () => {
    for (const [name, { id, kind }] of Object.entries(rows)) {
      expect([name, id & flags.CURLINFO_TYPEMASK]).toEqual([name, TYPE_BITS[kind]]);
    }
  });

  test("an alias has the id and kind of its newer name", () => {
    for (const { id, kind, aliasOf } of Object.values(rows)) {
      if (aliasOf !== undefined) expect(rows[aliasOf]).toMatchObject({ id, kind });
    }
  });

  test("those up to the library's version are answered in the width of their kind", () => {
    for (const [name, { id, kind }] of known(rows)) {
      const { code, words } = ask(id);
      expect({ name, code }).toEqual({ name, code: 0 });
      const written = words[1] === UNTOUCHED ? 4 : 8;
      const long = native.os === "windows" ? 4 : 8;
      const expected = kind === "socket" ? 4 : kind === "long" ? long : 8;
      expect([name, written]).toEqual([name, expected]);
    }
  });

  test("a pointer that is answered leads to what its kind says", () => {
    for (const [name, { id, kind }] of known(rows)) {
      if (!/^(string|pointer|slist|certinfo|tlssession)$/.test(kind)) continue;
      const { words } = ask(id);
      const answer = native.pointer(Number(new BigUint64Array(words.buffer)[0]));
      if (kind === "pointer") expect([name, answer]).toEqual([name, null]);
      if (kind === "string") {
        expect([name, native.string(answer) ?? ""]).toEqual([name, expect.any(String)]);
      }
      if (kind === "slist") curl.curl_slist_free_all(answer);
      // struct curl_certinfo { int num_of_certs; struct curl_slist **certinfo }
      if (kind === "certinfo") expect(new Struct(answer!, 16).i32(0)).toBe(0);
      // struct curl_tlssessioninfo { curl_sslbackend backend; void *internals }
      if (kind === "tlssession") expect(new Struct(answer!, 16).address(8)).toBe(0);
    }
  });
});
