/** Makes the transfers of the tests of faults, by `fetch` and by `Agent.perform`. */
import { type Agent, CurlEasyError, type EasyOptions, fetch } from "../../mod.ts";
import { CONTINUE, easyFor, PAUSE, sleep } from "../driver/support.ts";
import { codeOf } from "../http/support.ts";

/** The requests for each fault, which the servers recognize by their paths. */
export const KINDS = ["get", "upload", "download"] as const;
export type Kind = typeof KINDS[number];

export const APIS = ["fetch", "perform"] as const;
export type Api = typeof APIS[number];

/** The sizes of an upload, and the number of bytes after which a download pauses. */
const UPLOAD = 400_000, PIECE = 50_000, REST = 100_000;
/** The limit of transfers that do not end; on a busy machine a fault may take seconds. */
export const LONG_MS = 90_000, SHORT_MS = 500;

/** One transfer. */
export interface Wanted {
  readonly url: string;
  readonly kind: Kind;
  readonly agent: Agent;
  readonly curl: EasyOptions;
  readonly timeout: number;
  /** Only for `perform`, which does not follow redirects by default. */
  readonly own?: EasyOptions;
}

function stream(): ReadableStream<Uint8Array> {
  let left = UPLOAD;
  return new ReadableStream({
    async pull(controller) {
      if (left % 200_000 === 0) await sleep(0); // some bytes are sent late
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(PIECE));
      left -= PIECE;
    },
  }, { highWaterMark: 0 });
}

async function byFetch({ url, kind, agent, curl, timeout }: Wanted): Promise<void> {
  const upload = kind === "upload"
    ? { method: "PUT", body: stream(), duplex: "half" as const }
    : {};
  const response = await fetch(url, { agent, curl, timeout, ...upload });
  if (kind !== "download") return void await response.bytes();
  for await (const chunk of response.body ?? []) if (chunk.length > REST) await sleep(0);
}

async function byPerform({ url, kind, agent, curl, timeout, own }: Wanted): Promise<void> {
  using easy = easyFor(url, { ACCEPT_ENCODING: "", TIMEOUT_MS: timeout, ...curl, ...own });
  if (kind === "upload") {
    let left = UPLOAD;
    easy.setOpts({
      UPLOAD: 1,
      HTTPHEADER: ["Expect:"],
      READFUNCTION: (buffer) => {
        const size = Math.min(left, buffer.length);
        left -= size;
        return size;
      },
    });
  } else if (kind === "download") {
    let rest = REST;
    easy.setOpt("WRITEFUNCTION", (bytes) => {
      rest -= bytes.length;
      if (rest >= 0) return bytes.length;
      rest = REST + bytes.length;
      setTimeout(() => easy.closed || easy.pause(CONTINUE));
      return PAUSE;
    });
  }
  await agent.perform(easy);
}

const RUN = { fetch: byFetch, perform: byPerform };

/** The end of a transfer: `OK`, the name of its code without CURLE_, or any other result. */
export async function ending(api: Api, wanted: Wanted): Promise<string> {
  try {
    await RUN[api](wanted);
    return "OK";
  } catch (error) {
    const isRight = api === "fetch" ? error instanceof TypeError : error instanceof CurlEasyError;
    const code = codeOf(error);
    return isRight && code ? code.slice("CURLE_".length) : `${error}`;
  }
}
