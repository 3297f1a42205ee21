/**
 * Every option and info of libcurl: a description, the type, the first libcurl that has it, and
 * curl's own page. `easy.setOpt`, `easy.setOpts` and `curl` of `fetch` take those of {@linkcode
 * EasyOptionTypes}, with the functions of {@linkcode EasyCallbackTypes}; `easy.getInfo` returns
 * those of {@linkcode InfoTypes}; `multi.setOpt` takes those of {@linkcode MultiOptionTypes}, with
 * the functions of {@linkcode MultiCallbackTypes}; `share.setOpt` takes those of {@linkcode
 * ShareOptionTypes}. `null` restores the default. Newer options and infos can be used too, if the
 * loaded libcurl has them.
 *
 * @module
 */

export type { EasyCallbackTypes } from "../../src/handles/easy/types/callbacks.ts";
export type { InfoTypes } from "../../src/handles/easy/types/infos.ts";
export type { EasyOptionTypes } from "../../src/handles/easy/types/options.ts";
export type { MultiCallbackTypes } from "../../src/handles/multi/callback_types.ts";
export type { MultiOptionTypes } from "../../src/handles/multi/option_types.ts";
export type { ShareOptionTypes } from "../../src/handles/core/share_option_types.ts";
