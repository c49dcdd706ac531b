// How words are compared: without regard to case, diacritics and punctuation.

// Letters that Unicode does not decompose into a base letter and a mark.
const LETTERS_FOLDED = new Map([
  ["ß", "ss"],
  ["æ", "ae"],
  ["œ", "oe"],
  ["ø", "o"],
  ["ł", "l"],
  ["đ", "d"],
  ["ð", "d"],
  ["þ", "th"],
  ["ı", "i"],
  ["ς", "σ"],
]);
const LETTERS_FOLDED_PATTERN = new RegExp(`[${[...LETTERS_FOLDED.keys()].join("")}]`, "gu");

// Scripts written without spaces: each character is a word of its own, as in Solr's standard tokenizer.
const UNSPACED_PATTERN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/**
 * @param {string} text
 * @returns {string[]} folded words in their order, repeats kept
 */
export function wordsOf(text) {
  // Most texts are ASCII, for which the other steps change nothing and cost most of the time.
  if (/^[\x20-\x7e]*$/.test(text)) return runs(text.toLowerCase().replace(/['`]/g, ""), /[a-z0-9]+/g);
  const folded = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(LETTERS_FOLDED_PATTERN, (letter) => LETTERS_FOLDED.get(letter) ?? letter)
    .replace(/['’ʼ`]/g, "")
    .replace(UNSPACED_PATTERN, " $& ");
  return runs(folded, /[\p{L}\p{N}]+/gu);
}

/** @param {string} text @param {RegExp} pattern global @returns {string[]} */
function runs(text, pattern) {
  return text.match(pattern) ?? [];
}

/**
 * @param {string} text
 * @returns {string} equal for two texts that differ only in case, diacritics or punctuation
 */
export function folded(text) {
  return wordsOf(text).join(" ");
}
