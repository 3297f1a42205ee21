// The npm package has no declarations.

declare module "deno-std/fmt/bytes.js" {
  export function format(bytes: number): string;
}

declare module "deno-std/fmt/duration.js" {
  export function format(ms: number, options?: { ignoreZero?: boolean }): string;
}
