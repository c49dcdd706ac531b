// Which of many URLs is asked for next, where a few are asked for often and most of them seldom (Zipf's law).

/** Numbers from 0 up to 1, the same every time (mulberry32). @param {number} seed */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {number} count of URLs: the one of rank r is asked for as often as 1 / r says
 * @param {number} length @returns {number[]} ranks from 0 on
 */
export function zipfSequence(count, length) {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  const random = seeded(1);
  return Array.from({ length }, () => {
    const wanted = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (sums[middle]) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
