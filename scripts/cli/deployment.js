// What wrangler.toml means for one environment: the configuration that is deployed, and what an account has to have for it.

import { resolve } from "node:path";
import { STAGING_SUFFIX as SUFFIX } from "../../shim/queue_name.js";

export const ENVIRONMENTS = ["production", "staging"];

/** @typedef {{kind: "KV namespace" | "R2 bucket" | "queue", name: string, look: string[], make: string[]}} Resource */

/** Counters of rate limits are told apart by number. */
const RATE_LIMIT_STEP = 1000;

/**
 * A staging environment stands beside production in the same account, so everything that is named across the account has a
 * name of its own.
 * @param {any} config @returns {any}
 */
function forStaging(config) {
  const staged = structuredClone(config);
  staged.name += SUFFIX;
  for (const bucket of staged.r2_buckets ?? []) bucket.bucket_name += SUFFIX;
  for (const data of staged.analytics_engine_datasets ?? []) {
    data.dataset += "_staging";
    if (data.binding === "KEY_ANALYTICS") {
      staged.vars = { ...staged.vars, ANALYTICS_READS_DATASET: data.dataset };
    }
  }
  for (const limit of staged.ratelimits ?? []) {
    limit.namespace_id = String(Number(limit.namespace_id) + RATE_LIMIT_STEP);
  }
  for (const queue of staged.queues?.producers ?? []) queue.queue += SUFFIX;
  for (const queue of staged.queues?.consumers ?? []) {
    queue.queue += SUFFIX;
    if (queue.dead_letter_queue !== undefined) queue.dead_letter_queue += SUFFIX;
  }
  // Production's: what is found in the account takes their place.
  for (const namespace of staged.kv_namespaces ?? []) delete namespace.id;
  return staged;
}

/**
 * @param {any} toml wrangler.toml, parsed @param {string} environment @param {string} root the folder that it is in
 * @returns {any} the same with absolute paths, for a configuration that lies elsewhere
 */
export function configurationFor(toml, environment, root) {
  // The build has run before.
  const { build: _, ...config } = environment === "staging" ? forStaging(toml) : structuredClone(toml);
  return { ...config, main: resolve(root, config.main), vars: { ...config.vars, ENVIRONMENT: environment } };
}

/** The title of a namespace in the account. @param {any} config @param {string} binding */
export const titleOf = (config, binding) => `${config.name}-${binding}`;

/** @param {any} config @returns {Resource[]} buckets and queues; each queue once */
export function bucketsAndQueues(config) {
  const { producers = [], consumers = [] } = config.queues ?? {};
  const queues = new Set([
    ...producers.map((/** @type {any} */ one) => one.queue),
    ...consumers.flatMap((/** @type {any} */ one) => [one.queue, one.dead_letter_queue ?? one.queue]),
  ]);
  return [
    ...(config.r2_buckets ?? []).map((/** @type {any} */ { bucket_name: name }) => ({
      kind: "R2 bucket",
      name,
      look: ["r2", "bucket", "info", name, "--json"],
      make: ["r2", "bucket", "create", name],
    })),
    ...[...queues].map((name) => ({
      kind: "queue",
      name,
      look: ["queues", "info", name],
      make: ["queues", "create", name],
    })),
  ];
}
