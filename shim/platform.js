// The platform's own cryptography: synchronous, and faster than any that the module could bring.
import { createHash } from "node:crypto";

export { createHash };

/** @param {Uint8Array<ArrayBuffer>} into */
export const getRandomValues = (into) => crypto.getRandomValues(into);
