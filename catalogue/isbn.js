// ISBN check digits and the two forms of one number (ISBN Users' Manual, 7th edition, appendix 1).

/**
 * @param {string} digits the first nine digits
 * @returns {string} the tenth character, "0" to "9" or "X"
 */
export function isbn10CheckDigit(digits) {
  let sum = 0;
  for (let position = 0; position < 9; position++) sum += (10 - position) * Number(digits[position]);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? "X" : String(check);
}

/**
 * @param {string} digits the first twelve digits
 * @returns {string} the thirteenth digit
 */
export function isbn13CheckDigit(digits) {
  let sum = 0;
  for (let position = 0; position < 12; position++)
    sum += (position % 2 === 0 ? 1 : 3) * Number(digits[position]);
  return String((10 - (sum % 10)) % 10);
}

/**
 * Only a number under prefix 978 has a ten-digit form.
 * @param {string} isbn13
 * @returns {string}
 */
export function isbn10Of(isbn13) {
  const digits = isbn13.slice(3, 12);
  return digits + isbn10CheckDigit(digits);
}

/**
 * @param {string} isbn10
 * @returns {string}
 */
export function isbn13Of(isbn10) {
  const digits = `978${isbn10.slice(0, 9)}`;
  return digits + isbn13CheckDigit(digits);
}

/**
 * The thirteen-digit form under which a number is looked up: hyphens and spaces dropped, ten digits widened.
 * @param {string} text what the client wrote
 * @returns {string | null} null when it is no ISBN (wrong length, letters, or a wrong check digit)
 */
export function canonicalIsbn(text) {
  const compact = text.replace(/[\s\u2010-\u2015-]/g, "").toUpperCase();
  if (/^\d{9}[\dX]$/.test(compact))
    return isbn10CheckDigit(compact) === compact[9] ? isbn13Of(compact) : null;
  if (/^97[89]\d{10}$/.test(compact)) return isbn13CheckDigit(compact) === compact[12] ? compact : null;
  return null;
}
