/**
 * The progress of a request, for `onProgress` of `fetch` and `fetchSync`.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { FetchProgress } from "../request/plan.ts";

/**
 * Installs XFERINFOFUNCTION. `isWanted` returns whether the bytes received belong to the final
 * response, and not to a redirect or an authentication challenge. An exception of `onProgress` ends
 * the transfer.
 */
export function reportProgress(
  easy: Easy,
  onProgress: (progress: FetchProgress) => void,
  isWanted: () => boolean,
): void {
  easy.setOpt("NOPROGRESS", 0);
  easy.setOpt("XFERINFOFUNCTION", (_data, total, downloaded, uploadTotal, uploaded) => {
    const isCounted = isWanted();
    onProgress({
      downloaded: isCounted ? downloaded : 0,
      uploaded,
      downloadTotal: isCounted && total || null,
      uploadTotal: uploadTotal || null,
    });
  });
}
