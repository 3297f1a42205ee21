// The enums: declared as TypeScript's, made of curl's tables.
import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { constants } from "../../mod.ts";
import * as door from "../../node_libcurl.ts";

const FOLDER = new URL("../../src/node_libcurl/enums/", import.meta.url);
const C: Readonly<Record<string, number>> = constants as never;

type Enum = Record<string, string | number>;

/** The enums that the sources declare, by the names that they are exported under. */
async function declared(): Promise<Map<string, Record<string, number>>> {
  const found = new Map<string, Record<string, number>>();
  for (const file of await readdir(FOLDER)) {
    const text = await readFile(new URL(file, FOLDER), "utf8");
    for (const [, type, name] of text.matchAll(/^export type (Curl\w+|SocketState) = (\w+);/gm)) {
      const body = new RegExp(`^declare enum ${name} \\{([^}]*)\\}`, "m").exec(text)?.[1] ?? "";
      const members = [...body.matchAll(/(\w+) = (-?\d+),/g)];
      found.set(type!, Object.fromEntries(members.map(([, key, value]) => [key, Number(value)])));
    }
  }
  return found;
}

const NAMES = [...(await declared()).keys()];
const valueOf = (name: string) => (door as unknown as Record<string, Enum>)[name]!;

test("there are node-libcurl's 49 enums", () => {
  expect(NAMES).toHaveLength(49);
  expect(NAMES.filter((name) => typeof valueOf(name) !== "object")).toEqual([]);
});

test.for(NAMES)("%s is what its type says, both ways", async (name) => {
  const members = (await declared()).get(name)!, value = valueOf(name);
  expect(Object.keys(members).length).toBeGreaterThan(0);
  expect(value).toMatchObject(members);
  for (const [key, number] of Object.entries(value)) {
    if (typeof number === "string") expect(value[number], key).toBe(Number(key));
  }
  // codes have more names than node-libcurl's: those of newer libcurls
  const names = Object.keys(value).filter((key) => typeof value[key] === "number");
  if (!name.endsWith("Code")) expect(names.sort()).toEqual(Object.keys(members).sort());
});

test("the codes are all of curl's, and a number leads to its present name", () => {
  for (const [prefix, value] of [["CURLE_", door.CurlCode], ["CURLM_", door.CurlMultiCode]]) {
    const names = Object.keys(C).filter((name) => name.startsWith(prefix as string));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect((value as Enum)[name], name).toBe(C[name]);
  }
  expect(door.CurlCode[28]).toBe("CURLE_OPERATION_TIMEDOUT");
  expect(door.CurlCode[60]).toBe("CURLE_PEER_FAILED_VERIFICATION");
  expect(door.CurlMultiCode[-1]).toBe("CURLM_CALL_MULTI_PERFORM");
  expect(door.CurlShareCode[2]).toBe("CURLSHE_IN_USE");
});

test("numbers are C's own, also where node-libcurl 5.1 has others", () => {
  expect(door.CurlWs).toMatchObject({ Pong: C.CURLWS_PONG, Offset: C.CURLWS_OFFSET });
  expect(door.CurlSshKeyType).toMatchObject({ Rsa: C.CURLKHTYPE_RSA, Dss: C.CURLKHTYPE_DSS });
  expect(door.CurlMultiNetworkChanged.ClearDns).toBe(C.CURLMNWC_CLEAR_DNS);
  expect(door.CurlHttpVersion).toMatchObject({ V2Tls: C.CURL_HTTP_VERSION_2TLS, v3: 30 });
  expect(door.CurlWriteFunc.Abort).toBe(C.CURL_WRITEFUNC_ERROR);
  expect(door.CurlSslVersionMax.TlsV1_2).toBe(C.CURL_SSLVERSION_MAX_TLSv1_2);
});

test("the features are those of Curl alone", () => {
  const { Raw, NoDataParsing, NoHeaderParsing, NoStorage, NoDataStorage, NoHeaderStorage } =
    door.CurlFeature;
  expect(Raw).toBe(NoDataParsing | NoHeaderParsing);
  expect(NoStorage).toBe(NoDataStorage | NoHeaderStorage);
  expect(door.CurlFeature).toMatchObject({ Empty: 0, StreamResponse: 16 });
});
