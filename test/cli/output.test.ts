import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { runWords } from "../../src/cli/curl/curl.ts";
import { splitCommand } from "../../src/command/shell/split.ts";
import { TestIo } from "./support.ts";
import { isComparable, note, Wire } from "./wire.ts";

const wire = Wire.use();
let first: ReadonlySet<string>;
beforeAll(() => {
  first = new Set(names());
});

const names = () =>
  readdirSync(wire.folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(wire.folder, name)).isFile());

/** What a command leaves behind. */
interface Left {
  readonly code: number;
  readonly stdout: string;
  readonly files: Readonly<Record<string, string>>;
  /** Whether something was said on standard error, which has other words here and there. */
  readonly isSilent: boolean;
}

/** What depends on the second or on the connection. */
const plain = (text: string) =>
  text.replace(/^date:.*$/gim, "date").replace(/"remote":\{[^}]*\}/g, '"remote"');

/** The new files, which are removed, so that the next one finds none. */
function takeFiles(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names().filter((name) => !first.has(name)).sort()) {
    const path = join(wire.folder, name), { mtimeMs } = statSync(path);
    const isOld = mtimeMs < Date.now() - 3600_000;
    found[name] = plain(readFileSync(path, "latin1")) + (isOld ? ` from ${mtimeMs}` : "");
    rmSync(path);
  }
  return found;
}

function prepare(): void {
  writeFileSync(join(wire.folder, "old.txt"), "old");
  writeFileSync(join(wire.folder, "etag.txt"), '"bytes-50"\n');
}

async function byCurl(command: string): Promise<Left> {
  prepare();
  const child = spawn("/bin/bash", ["-c", `exec /usr/bin/curl -sS -m 4 ${command}`], {
    cwd: wire.folder,
    env: wire.env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 15_000,
  });
  const stdout: Uint8Array[] = [], stderr: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr.push(chunk));
  const code = await new Promise<number>((done) => child.once("close", (exit) => done(exit ?? -1)));
  return {
    code,
    stdout: plain(Buffer.concat(stdout).toString("latin1")),
    files: takeFiles(),
    isSilent: stderr.length === 0,
  };
}

async function byCurlew(command: string): Promise<Left> {
  prepare();
  const { env } = wire, io = new TestIo({ env });
  const code = await runWords(splitCommand(`curl -sS -m 4 ${command}`, "bash", env), io);
  const stdout = plain(Buffer.from(io.stdoutBytes).toString("latin1"));
  return { code, stdout, files: takeFiles(), isSilent: io.stderr === "" };
}

const COMMANDS = String.raw`
$HTTP/small
$HTTP/bytes/1000
$HTTP/small $HTTP/bytes/10
$HTTP/gzip
--compressed $HTTP/gzip
-o a.bin $HTTP/bytes/1000
-o a.bin $HTTP/small -o b.bin $HTTP/bytes/5
-o a.bin $HTTP/small $HTTP/bytes/5
-o "f#1.bin" "$HTTP/bytes/[1-3]"
-o "#1-#2" "$HTTP/{small,bytes}/{4,5}"
-o /dev/null $HTTP/small
-o no/such/folder $HTTP/small
-o new/folder/file --create-dirs $HTTP/small
--output-dir made --create-dirs -O $HTTP/small
--output-dir no/such -O $HTTP/small
-O $HTTP/small
-O "$HTTP/bytes/7?query"
-O $HTTP/
-O $HTTP/small -O $HTTP/bytes/5
--remote-name-all $HTTP/small $HTTP/bytes/5
-OJ "$HTTP/with?content-disposition=attachment;filename=named.txt"
-OJ "$HTTP/with?content-disposition=attachment;%20filename=%22a%20b.txt%22"
-OJ "$HTTP/with?content-disposition=attachment;filename=../../up.txt"
-OJ "$HTTP/with?content-disposition=inline"
-OJ "$HTTP/with?content-disposition=attachment;filename=old.txt"
-OJi "$HTTP/with?content-disposition=attachment;filename=named.txt"
-o old.txt --no-clobber $HTTP/small
-o old.txt $HTTP/small
-C - -o old.txt $HTTP/bytes/50
-C 5 -o new.txt $HTTP/bytes/50
-C 60 $HTTP/bytes/50
-r 5-9 $HTTP/bytes/50
-R -o time.bin $HTTP/bytes/50
-z "1 Jan 2030" $HTTP/bytes/50
-i $HTTP/small
-i -L $HTTP/redirect/2
-I $HTTP/small
-I -L $HTTP/redirect/1
-i -o head.txt $HTTP/small
-D head.txt $HTTP/small
-D - $HTTP/small
-D head.txt -o a -D - $HTTP/small
-D head.txt $HTTP/small $HTTP/bytes/5
-D head.txt $HTTP/small --next -D head.txt $HTTP/bytes/5
-i $HTTP/early-hints
-i $HTTP/trailers
-L $HTTP/redirect/3
-L --max-redirs 2 $HTTP/redirect/3
-L --max-redirs 0 $HTTP/redirect/3
$HTTP/redirect/3
-f $HTTP/status/404
-f -o none.txt $HTTP/status/404
-f $HTTP/status/200
--fail-with-body $HTTP/status/404
--fail-with-body -o body.txt $HTTP/status/404
-f --fail-early $HTTP/status/404 $HTTP/small
-f $HTTP/status/404 $HTTP/small
--remove-on-error -o a $HTTP/truncated
-o a $HTTP/truncated
$HTTP/truncated
$HTTP/reset
--max-filesize 10 $HTTP/bytes/50
http://127.0.0.1:1/
http://no-such-host.invalid/
nosuch://127.0.0.1/
"http://127.0.0.1:99999/"
-m 0.3 $HTTP/hold
--retry 1 --retry-delay 1 -f $HTTP/status/503
--retry 1 --retry-delay 1 -o a $HTTP/status/503
--etag-save e.txt $HTTP/bytes/50
--etag-save e.txt $HTTP/small
--etag-compare etag.txt $HTTP/bytes/50
--etag-compare etag.txt --etag-save etag.txt $HTTP/bytes/60
-w "%{http_code} %{size_download} %{content_type}\n" -o a $HTTP/small
-w "%{response_code}|%{num_redirects}|%{redirect_url}|%{url_effective}|%{url}\n" $HTTP/redirect/1
-w "%{response_code}|%{num_redirects}|%{redirect_url}|%{num_connects}\n" -L $HTTP/redirect/2
-w "%{exitcode} %{errormsg}\n" http://127.0.0.1:1/
-w "%{http_version} %{method} %{scheme} %{num_headers} %{urlnum}\n" $HTTP/small $HTTP/small
-w "%{remote_ip} %{local_ip} %{http_connect} %{filename_effective}\n" -O $HTTP/small
-w "%{size_header} %{size_request} %{size_upload} %{referer}\n" -e http://r/ -d abc $HTTP/echo
-w "%%{x} \t%{unknown}|\x\n" $HTTP/small
-w "%{header_json}" -o a $HTTP/bytes/50
-w "%header{etag} %header{no-such}\n" -o a $HTTP/bytes/50
-w "%{stderr}to stderr%{stdout}to stdout" $HTTP/small
-w "%{onerror}bad\n" http://127.0.0.1:1/
-w "%{onerror}bad\n" $HTTP/small
-w "%{ssl_verify_result} %{proxy_ssl_verify_result} %{num_certs}\n" $HTTP/small
-w @config.cfg $HTTP/small
--json "{}" -o /dev/null -w "%{method}\n" $HTTP/echo
-T data.txt -w "%{response_code} %{size_upload}\n" $HTTP/upload
-c jar.txt "$HTTP/cookies/set?a=b" -o /dev/null
-x $PROXY $HTTP/small
-x $PROXY -p $HTTP/small
-x $PROXY -p -i $HTTP/small
-x $PROXY -p -i --suppress-connect-headers $HTTP/small
-x socks5://$SOCKS $HTTP/small
-v -s --stderr err.txt --no-verbose $HTTP/small
--stderr no/such/file $HTTP/small
--trace no/such/file $HTTP/small
$FTP/hello.txt
$FTP/dir/
-O $FTP/hello.txt
$FTP/none.txt
-I $FTP/hello.txt
file://$HOME/data.txt
-I file://$HOME/empty
file://$HOME/none
$GOPHER/1
$DICT/d:word
-Z -o a $HTTP/small -o b $HTTP/bytes/50
-Z -f -o a $HTTP/status/404 -o b $HTTP/bytes/50
--no-such
-d
-m x $HTTP/small
$HTTP/{a
-K none.cfg
-T none.txt $HTTP/upload
-F a=@none.txt $HTTP/echo
-d @none.txt $HTTP/echo
-E none.pem https://127.0.0.1:1/
--cacert none.pem https://127.0.0.1:1/
--interface no-such-interface $HTTP/small
`.split("\n").filter((line) => line !== "");

/** Commands that leave something else, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  "-O $HTTP/": "curl takes the name curl_response since 8.10, and fails before",
  '-OJi "$HTTP/with?content-disposition=attachment;filename=named.txt"':
    "curl takes the two options together since 8.11",
  '-w "%{http_version} %{method} %{scheme} %{num_headers} %{urlnum}\\n" $HTTP/small $HTTP/small':
    "curl writes schemes in small letters since 8.8",
  "-Z -o a $HTTP/small -o b $HTTP/bytes/50": "before 8.0 curl draws its meter in spite of -s",
  "-d @none.txt $HTTP/echo":
    "newer curls refuse a file that cannot be read, 7.88 sends nothing in its place",
};

test("the commands that leave something else are in the table", () => {
  for (const command of Object.keys(DIFFERENT)) expect(COMMANDS).toContain(command);
});

test.skipIf(!isComparable).for(COMMANDS)(
  `curl %s leaves what the system's curl leaves${note}`,
  { timeout: 40_000 },
  async (command) => {
    const curlew = await byCurlew(command), curl = await byCurl(command);
    if (Object.hasOwn(DIFFERENT, command)) expect(curlew, DIFFERENT[command]).not.toEqual(curl);
    else expect(curlew).toEqual(curl);
  },
);
