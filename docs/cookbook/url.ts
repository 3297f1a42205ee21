// Parses and builds a URL with libcurl's own parser, which transfers use, too.
//
//   deno run --allow-ffi docs/cookbook/url.ts
//   bun docs/cookbook/url.ts
//   > example.com, port 443, /a/b, no fragment
//   > https://example.org/a/c?x=1&y=2+z
import { constants, CurlUrl } from "curlew";

using url = new CurlUrl("https://example.com/a/b?x=1");
const port = url.get("PORT", constants.CURLU_DEFAULT_PORT);
console.log(
  `${url.get("HOST")}, port ${port}, ${url.get("PATH")}, ${url.get("FRAGMENT") ?? "no fragment"}`,
);

url.set("HOST", "example.org");
url.set("URL", "c?x=1"); // relative to the present URL
url.set("QUERY", "y=2 z", constants.CURLU_APPENDQUERY | constants.CURLU_URLENCODE);
console.log(`${url}`);
