// What src/host/host.h promises of normal_text. A sigma is written differently at the end of a word, which is not for a
// form that is compared.

/** @param {string} text */
export const normalText = (text) =>
  text.normalize("NFKD").toLowerCase().replaceAll("\u03c2", "\u03c3").normalize("NFKD");

// What it promises of lower_text.

/** @param {string} text */
export const lowerText = (text) => normalText(text).normalize("NFC");
