// Posts a form: text, files, and standard input while it is read.
//
//   deno run --allow-ffi --allow-read examples/http/multipart.ts \
//     https://upload.example/form title=Photos picture=@a.png log=- < LOG
//   bun examples/http/multipart.ts \
//     https://upload.example/form title=Photos picture=@a.png log=- < LOG
//   > …
//   2> 200, sent … bytes
import process from "node:process";
import { Agent, CurlEasyError, Easy, Mime, type MimePart, mimeStream } from "curlew";

const [url, ...fields] = process.argv.slice(2);
if (!url || fields.length === 0) throw new Error("Usage: multipart.ts URL NAME=VALUE...");

/** The part for one argument. */
function part(field: string): MimePart {
  const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
  if (value === "-") return { name, filename: "stdin", reader: mimeStream(process.stdin) };
  if (value.startsWith("@")) return { name, file: value.slice(1) };
  return { name, data: value };
}

await using agent = new Agent();
using mime = new Mime();
using easy = new Easy();
try {
  for (const field of fields) mime.addPart(part(field));
  easy.setOpts({
    URL: url,
    MIMEPOST: mime,
    WRITEFUNCTION: (bytes) => {
      process.stdout.write(bytes.slice());
      return bytes.length;
    },
  });
  await agent.perform(easy);
  console.error(`${easy.getInfo("RESPONSE_CODE")}, sent ${easy.getInfo("SIZE_UPLOAD_T")} bytes`);
} catch (error) {
  if (!(error instanceof CurlEasyError)) throw error;
  console.error(`${error.codeName}: ${error.message}`);
  process.exitCode = 1;
}
