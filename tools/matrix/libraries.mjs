// The libcurls that the suite runs against: one row is one build, and where Debian has it.

const OPENSSL = "libcurl.so.4", GNUTLS = "libcurl-gnutls.so.4", NSS = "libcurl-nss.so.4";
const BACKPORTS = ["bookworm", "bookworm-backports"];

/**
 * In the order in which they are run. The last suite has the package, and those before it what
 * it depends on; `own` is the release whose own libcurl it is, and `says` how `tools/library.ts`
 * introduces the right one.
 */
export const LIBRARIES = [
  {
    name: "7.74.0",
    own: "bullseye",
    says: "libcurl 7.74.0 (OpenSSL",
    suites: ["bullseye"],
    package: "libcurl4",
    file: OPENSSL,
  },
  {
    name: "7.88.1",
    own: "bookworm",
    says: "libcurl 7.88.1 (OpenSSL",
    suites: ["bookworm"],
    package: "libcurl4",
    file: OPENSSL,
  },
  {
    name: "7.88.1-gnutls",
    own: "bookworm",
    says: "libcurl 7.88.1 (GnuTLS",
    suites: ["bookworm"],
    package: "libcurl3-gnutls",
    file: GNUTLS,
  },
  {
    name: "7.88.1-nss",
    own: "bookworm",
    says: "libcurl 7.88.1 (NSS",
    suites: ["bookworm"],
    package: "libcurl3-nss",
    file: NSS,
  },
  {
    name: "8.14.1",
    own: "trixie",
    says: "libcurl 8.14.1 (OpenSSL",
    suites: BACKPORTS,
    package: "libcurl4",
    file: OPENSSL,
  },
  { name: "sid", says: "libcurl 8.", suites: ["sid"], package: "libcurl4t64", file: OPENSSL },
];

/**
 * What `--quick` runs: the ends of the range and the one with WebSockets in the middle, and the
 * tests that have told versions apart. `npm test` has the system's own.
 */
export const QUICK = {
  libraries: ["7.74.0", "8.14.1", "sid"],
  tests: [
    ["ffi/", "tables/", "handles/", "seeds/", "websocket/", "contract/slow_lookup"],
    ["driver/abort", "driver/close", "driver/connect_only.", "driver/options", "driver/perform"],
    ["http/curl_options", "http/proxy", "http/redirect", "http/tls", "doctor"],
  ].flat().map((name) => `test/${name}`),
};
