/** A generator of numbers below n. */
export function random(seed: number, number: number): (n: number) => number;

/** A response, and the body of an undamaged one. */
interface Response {
  readonly bytes: Uint8Array;
  readonly plain: Uint8Array | null;
}

export function httpResponse(seed: number, number: number): Response;
export function h2Response(seed: number, number: number): Response;
export function wsFrames(seed: number, number: number): Pick<Response, "bytes">;
