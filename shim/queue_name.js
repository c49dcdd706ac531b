// Queues are named across an account, so those of a staging environment have a suffix (scripts/cli/deployment.js). The module
// knows them without it.

export const STAGING_SUFFIX = "-staging";

/** @param {string} queue as the platform names it @returns {string} as the module knows it */
export const ownQueueName = (queue) =>
  queue.endsWith(STAGING_SUFFIX) ? queue.slice(0, -STAGING_SUFFIX.length) : queue;
