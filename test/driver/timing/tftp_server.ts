/** A TFTP server that drops datagrams. Vitest is not imported here. */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";

const [RRQ, WRQ, DATA, ACK] = [1, 2, 3, 4];
const BLOCK = 512;

/** The datagram to drop, each time a client sends it for the first time. */
export interface Loss {
  readonly opcode: number;
  /** The number of the block, 0 for requests. */
  readonly block: number;
}

/** The losses to try. */
export const LOSSES: Readonly<Record<string, Loss>> = {
  "the request of a download": { opcode: RRQ, block: 0 },
  "the acknowledgement of its first block": { opcode: ACK, block: 1 },
  "the request of an upload": { opcode: WRQ, block: 0 },
  "its first block": { opcode: DATA, block: 1 },
};

/** A running server. */
export interface TftpServer {
  readonly port: number;
  /** The number of dropped datagrams. */
  readonly lost: number;
  close(): void;
}

function packet(opcode: number, block: number, data = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([0, opcode, block >> 8, block & 255]), data]);
}

/** Starts a server that sends `content` for each name; without a loss it never answers. */
export async function startTftp(content: Uint8Array, loss: Loss | null): Promise<TftpServer> {
  const socket = createSocket("udp4");
  let lost = 0;
  const block = (number: number) =>
    packet(DATA, number, Buffer.from(content.subarray((number - 1) * BLOCK, number * BLOCK)));

  function answer(opcode: number, number: number): Buffer | null {
    if (opcode === RRQ) return block(1);
    if (opcode === WRQ) return packet(ACK, 0);
    if (opcode === DATA) return packet(ACK, number);
    return number * BLOCK > content.length ? null : block(number + 1);
  }

  socket.on("message", (message, { port, address }) => {
    const opcode = message.readUInt16BE(0);
    const number = opcode === RRQ || opcode === WRQ ? 0 : message.readUInt16BE(2);
    if (loss === null) return;
    if (lost === 0 && opcode === loss.opcode && number === loss.block) return void lost++;
    const reply = answer(opcode, number);
    if (reply) socket.send(reply, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    port: socket.address().port,
    get lost() {
      return lost;
    },
    close: () => socket.close(),
  };
}
