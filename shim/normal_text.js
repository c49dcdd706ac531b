// normal_text and lower_text of src/host/host.h. The final form of sigma becomes the common one, since the results are
// compared.

/** @param {string} text */
export const normalText = (text) =>
  text.normalize("NFKD").toLowerCase().replaceAll("\u03c2", "\u03c3").normalize("NFKD");

/** @param {string} text */
export const lowerText = (text) => normalText(text).normalize("NFC");
