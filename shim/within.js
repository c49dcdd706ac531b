// A time limit for what the platform gives none.

import { OperationFailure } from "./failure.js";

/**
 * @template T @param {number} millis @param {string} who for the message @param {Promise<T>} work
 * @returns {Promise<T>} what the work comes to, if it does in time; it goes on in any case
 */
export async function within(millis, who, work) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new OperationFailure("timeout", `${who} gave no answer within ${millis} ms.`)),
      millis,
    );
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
