// Sends a mail, encrypted if the server supports that; use smtps:// for a server with TLS only. A
// login is read from the environment: MAIL_LOGIN=user:password.
//
//   deno run --allow-ffi --allow-env examples/protocols/mail.ts \
//     smtp://mail.example.com:587 me@example.com you@example.com
//   bun examples/protocols/mail.ts smtp://mail.example.com:587 me@example.com you@example.com
//   > 250: sent to you@example.com
import process from "node:process";
import { constants, upload } from "curlew";

const [url, from, ...to] = process.argv.slice(2);
if (!url || !from || to.length === 0) throw new Error("Usage: mail.ts URL FROM TO…");
const login = process.env["MAIL_LOGIN"];

const message = [
  `From: <${from}>`,
  `To: ${to.map((address) => `<${address}>`).join(", ")}`,
  `Date: ${new Date().toUTCString()}`,
  "Subject: A test",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Grüße from curlew",
  "",
].join("\r\n");

try {
  const { status } = await upload(new TextEncoder().encode(message), url, {
    timeout: 30_000,
    curl: {
      MAIL_FROM: from,
      MAIL_RCPT: to,
      USE_SSL: constants.CURLUSESSL_TRY, // _ALL to require encryption
      ...(login ? { USERPWD: login } : {}),
    },
  });
  console.log(`${status}: sent to ${to.join(", ")}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
