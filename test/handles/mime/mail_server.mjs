// Takes mails, and prints each as a line of JSON; its first line is its port.
import process from "node:process";
import { SMTPServer } from "smtp-server";

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData(stream, { envelope }, done) {
    let text = "";
    stream.on("data", (chunk) => text += chunk.toString("latin1"));
    stream.on("end", () => {
      const to = envelope.rcptTo.map(({ address }) => address);
      console.log(JSON.stringify({ from: envelope.mailFrom.address, to, text }));
      done();
    });
  },
});

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
