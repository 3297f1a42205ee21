/** Programs that import the packed package, as a user of it writes them. */

/** Imports each module of the package, and makes a transfer through the Agent. */
export const PROGRAM: string = `
import { Agent, CurlEasyError, Easy, type EasyOptions, versionInfo } from "curlew";
import { parseCurl, toCurl } from "curlew/command";
import { library } from "curlew/ffi";
import { constants } from "curlew/constants";
import { Poller } from "curlew/poll";

await using agent = new Agent({ maxConnections: 10 });
using easy = new Easy();
const options: EasyOptions = { URL: process.argv[2] ?? "", WRITEFUNCTION: (b) => b.length };
easy.setOpts(options);
await agent.perform(easy);
const status: number = easy.getInfo("RESPONSE_CODE");
using poller = new Poller();
const same: boolean = library().version === versionInfo().version &&
  (await poller.wait({ timeout: 0 })).length === 0;
const { url, init } = parseCurl("curl -d a=b http://127.0.0.1/");
const again: boolean = toCurl(url, init, { redact: false }).endsWith("--data-raw a=b");
console.log(status, same, constants.CURLE_OK, CurlEasyError.name, again);
`;

/** A program written for node-libcurl. */
export const FOR_NODE_LIBCURL: string = `
import { Curl, CurlCode, curly, Easy } from "node-libcurl";
import nodeLibcurl from "node-libcurl";

const url: string = process.argv[2] ?? "";
const { statusCode, data } = await curly.get<{ ok: boolean }>(url, { timeout: 10 });
const easy = new Easy();
easy.setOpt("URL", url);
easy.setOpt(Curl.option.WRITEFUNCTION, (chunk) => chunk.length);
const code: CurlCode = easy.perform();
easy.close();
console.log(statusCode, data.ok, code === CurlCode.CURLE_OK, nodeLibcurl.Easy === Easy);
`;
