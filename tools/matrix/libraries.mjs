// The libcurls that the suite runs against: each row is one build, and its source in Debian.

const OPENSSL = "libcurl.so.4", GNUTLS = "libcurl-gnutls.so.4", NSS = "libcurl-nss.so.4";
const BACKPORTS = ["bookworm", "bookworm-backports"];

/**
 * The rows are in the order in which they are run. The last suite has the package, the suites
 * before it have its dependencies; `own` is the release whose own libcurl it is, and `says` is the
 * beginning of the line that `tools/library.ts` must print.
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
 * The rows and tests of `--quick`: both ends of the range and the middle version with WebSocket,
 * and the tests that have found differences between versions. `npm test` uses the system's own
 * libcurl.
 */
export const QUICK = {
  libraries: ["7.74.0", "8.14.1", "sid"],
  tests: [
    ["ffi/", "tables/", "handles/", "seeds/", "http/websocket/", "contract/slow_lookup"],
    ["driver/abort", "driver/close", "driver/connect_only.", "driver/options", "driver/perform"],
    ["http/request/curl_options", "http/request/proxy", "http/request/tls"],
    ["http/transfer/redirect", "doctor/"],
  ].flat().map((name) => `test/${name}`),
};
