/**
 * How far a request is, as libcurl counts.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { FetchProgress } from "../request/plan.ts";

/**
 * Has a handle tell how far it is; `isWanted` says whether what comes is the body of the answer,
 * and not that of a redirect or of a challenge. What `onProgress` throws ends the transfer.
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
