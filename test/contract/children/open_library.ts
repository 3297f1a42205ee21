// Opens a library in a folder with a file `libcurl.so.4` that is not a library, and with a library
// that only a search of the current directory would find.
import process from "node:process";
import { native } from "../../../ffi/runtime.ts";

process.chdir(process.argv[2] as string);
const signatures = { curl_version: { args: [], result: "pointer" } } as const;
const { curl_version } = native.open("libcurl.so.4", signatures);
let unknown = "found";
try {
  native.open("libcurlew-here.so.4", signatures);
} catch (error) {
  unknown = (error as Error).message;
}
console.log(JSON.stringify({ known: native.string(curl_version!()), unknown }));
