// What is measured of Workers that take turns, and how two of them compare.

/** All cases, or those alone that are held to bounds. @typedef {"whole" | "guarded"} Scope */
/** @typedef {{rounds: number, turns: number, turnSeconds: number, warmUpSeconds: number, scope: Scope}} Extent */
/** @typedef {{perSecond: number, microsPerRequest: number | null}} Sample */

/**
 * Another one begins each time.
 * @template T
 * @param {number} count how many take turns @param {number} turns @param {number} firstTurn
 * @param {(at: number) => Promise<T>} take
 * @returns {Promise<T[][]>} by who took it, then by turn
 */
export async function takeTurns(count, turns, firstTurn, take) {
  /** @type {T[][]} */
  const taken = Array.from({ length: count }, () => []);
  for (let turn = 0; turn < turns; turn++) {
    for (let place = 0; place < count; place++) {
      const at = (firstTurn + turn + place) % count;
      taken[at]?.push(await take(at));
    }
  }
  return taken;
}

/** Processor time a request. @param {number | null} before @param {number | null} after seconds @param {number} requests */
export function microsOf(before, after, requests) {
  return before === null || after === null ? null : ((after - before) * 1e6) / requests;
}

/**
 * How many times as fast one was as another, turn by turn.
 * @param {Sample[]} samples @param {Sample[]} others
 */
export function ratios(samples, others) {
  return samples.map(({ perSecond }, turn) => perSecond / (others[turn]?.perSecond ?? Number.NaN));
}

/** The same by processor time, which what else the machine does disturbs less. @param {Sample[]} samples @param {Sample[]} others */
export function ratiosOfWork(samples, others) {
  return samples.flatMap(({ microsPerRequest }, turn) => {
    const other = others[turn]?.microsPerRequest ?? null;
    return microsPerRequest === null || other === null ? [] : [other / microsPerRequest];
  });
}
