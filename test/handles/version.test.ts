import { describe, expect, test } from "vitest";
import { constants, Easy, versionInfo } from "../../mod.ts";
import { library, MINIMUM_VERSION, native, versionText } from "../../ffi/mod.ts";

describe("versionInfo()", () => {
  const info = versionInfo();

  test("tells the version as text and as a number, at least the minimum", () => {
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(info.version.startsWith(versionText(info.versionNum))).toBe(true);
    expect(info.versionNum).toBeGreaterThanOrEqual(MINIMUM_VERSION);
    const text = native.string(library().symbols.curl_version());
    expect(text).toContain(`libcurl/${info.version}`);
    for (const name of ["zlib", "nghttp2"]) {
      const found = info.libraries[name];
      if (found) expect(text).toContain(found);
    }
  });

  test("tells the protocols, http among them", () => {
    expect(info.protocols).toEqual(expect.arrayContaining(["http", "https", "file", "ftp"]));
    expect(new Set(info.protocols).size).toBe(info.protocols.length);
  });

  test("tells the features as bits, and as names from 7.87 on", () => {
    expect(info.featureBits & constants.CURL_VERSION_SSL).not.toBe(0);
    if (info.versionNum >= 0x075700) expect(info.features).toContain("SSL");
    else expect(info.features).toEqual([]);
    for (
      const [name, bit] of [
        ["HTTP2", constants.CURL_VERSION_HTTP2],
        ["IPv6", constants.CURL_VERSION_IPV6],
        ["AsynchDNS", constants.CURL_VERSION_ASYNCHDNS],
      ] as const
    ) {
      if (info.features.length === 0) continue;
      expect([name, info.features.includes(name)]).toEqual([name, (info.featureBits & bit) !== 0]);
    }
  });

  test("tells the TLS library, the host and the path", () => {
    expect(info.ssl).toMatch(/^\S+\/\S+/);
    expect(info.host).toMatch(/\w+-\w+/);
    expect(info.library).toBe(library().path);
  });

  test("tells the default authorities, which CAINFO agrees with", () => {
    for (const path of [info.cainfo, info.capath]) {
      if (path !== null) expect(path).toMatch(/^[/\\]|^[A-Z]:/);
    }
    if (info.versionNum < 0x075400) return;
    using easy = new Easy();
    expect(easy.getInfo("CAINFO")).toBe(info.cainfo);
    expect(easy.getInfo("CAPATH")).toBe(info.capath);
  });

  test("has every library that curl_version() lists", () => {
    const line = native.string(library().symbols.curl_version()) as string;
    // "(+libidn2/2.3.3)" says what libpsl itself uses
    const words = line.replace(/ ?\(\+[^)]*\)/g, "").split(" ").slice(1)
      .filter((word) => word.includes("/") && !info.ssl?.includes(word));
    const told = Object.entries(info.libraries).map(([name, version]) => `${name}/${version}`);
    for (const word of words) {
      const [, version] = word.split("/") as [string, string];
      expect(told.filter((one) => one.includes(version)), word).not.toEqual([]);
    }
    expect(words.length).toBeGreaterThan(3);
    for (const name of ["libpsl", "OpenLDAP"]) {
      const found = RegExp(`${name}/(\\S+)`).exec(line)?.[1];
      expect([name, info.libraries[name]?.split(" ")[0]]).toEqual([name, found]);
    }
    expect(info.libraries["rtmp"]).toBe(/librtmp\/\S+/.exec(line)?.[0]);
    expect(info.libraries["zstd"]).toBe(/zstd\/(\S+)/.exec(line)?.[1]);
  });

  test("names only libraries that are there", () => {
    for (const [name, version] of Object.entries(info.libraries)) {
      expect([name, version]).toEqual([name, expect.stringMatching(/\d/)]);
    }
  });
});
