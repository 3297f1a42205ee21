// Negotiate with a real ticket.
import { afterAll, beforeAll, expect, test } from "vitest";
import { constants } from "../../../mod.ts";
import { type Realm, startRealm } from "../../server/kerberos.ts";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { hasFeature } from "../support.ts";

const server = useServer("http");
let realm: Realm | null;
beforeAll(async () => {
  realm = await startRealm();
});
afterAll(() => realm?.close());

// the environment decides, which only a new process reads
test("Negotiate logs in with a Kerberos ticket, and sends any body once", async ({ skip }) => {
  if (!hasFeature(constants.CURL_VERSION_SPNEGO)) return skip("this libcurl has no SPNEGO");
  if (!realm) return skip("no krb5kdc");
  const child = await inChild(
    server,
    `const curl = { HTTPAUTH: ${constants.CURLAUTH_NEGOTIATE}, USERPWD: ":", FRESH_CONNECT: 1 };
    const url = "http://localhost:" + ports.http + "/negotiate";
    const large = new Blob([new Uint8Array(100_000)]);
    for (const body of [null, "text", large, large.stream()]) {
      const response = await ask(url, { method: body ? "POST" : "GET", body, curl });
      say([response.status, response.headers.get("x-length"), (await response.json()).user]);
    }`,
    { env: realm.env },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.said).toEqual(["0", "4", "100000", "100000"].map((length) => [200, length, "user"]));
});
