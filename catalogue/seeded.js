// Repeatable randomness: the same text always gives the same numbers, on every machine.

/**
 * FNV-1a over UTF-16 code units, then a final mix so that texts that differ in one character spread evenly.
 * @param {string} text
 * @returns {number} 32 bits, unsigned
 */
export function hash32(text) {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position++) {
    hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * @param {string} text
 * @returns {number} at least 0, below 1
 */
export function fraction(text) {
  return hash32(text) / 2 ** 32;
}

/**
 * A stream of draws (mulberry32). Each author and work has its own: adding one does not change the others.
 * @param {string} seed
 */
export function draws(seed) {
  let state = hash32(seed);

  /** @returns {number} at least 0, below 1 */
  function next() {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  return {
    next,
    /** @param {number} low @param {number} high both included */
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    /** @param {number} share @returns {boolean} */
    chance: (share) => next() < share,
    /** @template Item @param {readonly Item[]} items @returns {Item} */
    pick: (items) => items[Math.floor(next() * items.length)],
  };
}

/** @typedef {ReturnType<typeof draws>} Draws */
