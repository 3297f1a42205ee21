/**
 * The static members of `Curl`: names of options and infos, and the version of the loaded libcurl.
 *
 * @module
 */

import { EventEmitter } from "node:events";
import { easyOptionNames, infoNames } from "../tables.ts";
import type { CurlInfo, CurlOption } from "../types/options.ts";
import type { CurlVersionInfoNativeBindingObject } from "../types/values.ts";
import { versionNumber, versionObject, versionText } from "../version.ts";

let option: CurlOption | undefined;
let info: CurlInfo | undefined;
let version: CurlVersionInfoNativeBindingObject | undefined;

/** An object whose keys are its values. */
const named = (names: readonly string[]): unknown =>
  Object.freeze(Object.fromEntries(names.map((name) => [name, name])));

/** The static members of `Curl`. None of them uses `this`. */
export class CurlStatics extends EventEmitter {
  /** The options of the loaded libcurl, each by its name: `Curl.option.URL`. */
  static get option(): CurlOption {
    return option ??= named(easyOptionNames()) as CurlOption;
  }

  /** The infos of the loaded libcurl, each by its name: `Curl.info.RESPONSE_CODE`. */
  static get info(): CurlInfo {
    return info ??= named(infoNames()) as CurlInfo;
  }

  /** The version of the loaded libcurl as 0xXXYYZZ. */
  static get VERSION_NUM(): number {
    return versionNumber();
  }

  /** The versions of the loaded libcurl and of the libraries that it uses. */
  static getVersion(): string {
    return versionText();
  }

  /** The version, the libraries, the protocols and the features of the loaded libcurl. */
  static getVersionInfo(): CurlVersionInfoNativeBindingObject {
    return version ??= versionObject();
  }

  /** The version, the protocols and the features as three lines, as `curl -V` prints them. */
  static getVersionInfoString(): string {
    const { protocols, features } = CurlStatics.getVersionInfo();
    return [
      `Version: ${versionText()}`,
      `Protocols: ${protocols.join(", ")}`,
      `Features: ${features.join(", ")}`,
    ].join("\n");
  }

  /** Whether the loaded libcurl is that version or a newer one. */
  static isVersionGreaterOrEqualThan(x: number, y: number, z = 0): boolean {
    return versionNumber() >= (x << 16) + (y << 8) + z;
  }

  /**
   * Does nothing.
   *
   * @deprecated libcurl is initialized when it is first needed.
   */
  static globalInit(_flags?: number): void {}

  /**
   * Does nothing.
   *
   * @deprecated libcurl is freed with the process.
   */
  static globalCleanup(): void {}
}
