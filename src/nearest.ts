/**
 * The known name that is nearest to an unknown one.
 *
 * @module
 */

/** The name at the least {@linkcode editDistance}, where that is below `limit`. */
export function nearest(
  name: string,
  names: Iterable<string>,
  limit: number = Infinity,
): string | undefined {
  let best: string | undefined, least = limit;
  for (const known of names) {
    const isBeginning = name.length > 2 && known.startsWith(name);
    const distance = isBeginning ? 0.5 : editDistance(name, known);
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  return best;
}

/** How many letters to insert, drop, change or swap with the next one make `to` of `from`. */
function editDistance(from: string, to: string): number {
  const a = from.slice(0, 40), width = to.length + 1;
  let before: number[] = [], last = Array.from({ length: width }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let k = 1; k < width; k++) {
      const isSame = a[i - 1] === to[k - 1];
      let least = Math.min(
        (last[k] as number) + 1,
        (row[k - 1] as number) + 1,
        (last[k - 1] as number) + (isSame ? 0 : 1),
      );
      const isSwap = i > 1 && k > 1 && a[i - 1] === to[k - 2] && a[i - 2] === to[k - 1];
      if (isSwap) least = Math.min(least, (before[k - 2] as number) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[width - 1] as number;
}
