// The JSON of a queue message. Anybody who may write to the queue may send what JSON cannot hold (a BigInt, a cycle,
// undefined) or what is far longer as JSON than it was as a message (a sparse array, one text referred to a thousand times).

/** A message has at most 128 KB (Cloudflare, read 2026-11); so has the JSON of one that is ours. */
const CHARACTERS_MAX = 131_072;

/**
 * @param {string} id @param {unknown} body
 * @returns {string} its JSON, or a text that is none and says why, of this message alone
 */
export function messageText(id, body) {
  let left = CHARACTERS_MAX;
  /** Stops a value that would grow without bound. @param {string} _name @param {unknown} value */
  const counted = (_name, value) => {
    left -= 1 + (typeof value === "string" ? value.length : 0);
    return left < 0 ? tooLong() : value;
  };
  try {
    const text = JSON.stringify(body, counted);
    if (text === undefined) return unreadable(id, `It is ${typeof body}.`);
    return text.length > CHARACTERS_MAX ? tooLong() : text;
  } catch (thrown) {
    return unreadable(id, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** @returns {never} */
function tooLong() {
  throw new RangeError(`It is longer than ${CHARACTERS_MAX} characters.`);
}

/** @param {string} id @param {string} reason */
function unreadable(id, reason) {
  return `The message ${id} has no JSON. ${reason}`;
}
