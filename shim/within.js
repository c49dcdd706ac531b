// A time limit for calls of the platform that have none.

import { OperationFailure } from "./failure.js";

/**
 * @template T @param {number} millis @param {string} who for the message @param {Promise<T>} work
 * @returns {Promise<T>} what the work comes to, if it does in time; it goes on in any case
 */
export function within(millis, who, work) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new OperationFailure("timeout", `${who} gave no answer within ${millis} ms.`));
    const timer = setTimeout(late, millis);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (thrown) => {
        clearTimeout(timer);
        reject(thrown);
      },
    );
  });
}
