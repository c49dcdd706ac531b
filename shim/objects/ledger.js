// The ledger: what narratives were asked for, by whom, what it took. One object for a deployment's prefix.
// Batches are idempotent: one that comes again changes nothing.

import { DurableObject } from "cloudflare:workers";
import { Refusal } from "../operations/object.js";

/**
 * @typedef {object} Row
 * @property {number} at milliseconds since the epoch
 * @property {string} user a digest of the user's id; "" where none was given
 * @property {string} outcome one of OUTCOMES
 * @property {number} duration_millis
 * @property {string} system the first-ranked system of the profile; "" where there is none
 */

const DAY_MILLIS = 86_400_000;
const KEPT_MILLIS = 90 * DAY_MILLIS;
const ROWS_MAX = 1000;
const TEXT_CHARACTERS_MAX = 256;
const SYSTEMS_MAX = 20;
/** Rows of before a deletion may still be on their way from isolates, whose clocks may differ a little. */
const FORGOTTEN_MILLIS = DAY_MILLIS;
const CLOCK_SKEW_MILLIS = 1000;
const OUTCOMES = new Set(["hit", "stale", "miss", "template", "refused"]);

export class Ledger extends DurableObject {
  /** @param {DurableObjectState} ctx @param {Cloudflare.Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS narratives (
        batch TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, user TEXT NOT NULL, outcome TEXT NOT NULL,
        duration_millis INTEGER NOT NULL, system TEXT NOT NULL,
        PRIMARY KEY (batch, number)) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS narratives_at ON narratives (at);
      CREATE INDEX IF NOT EXISTS narratives_user ON narratives (user) WHERE user <> '';
      CREATE TABLE IF NOT EXISTS forgotten (user TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;`);
  }

  /** Keeps all rows of a batch or none. @param {string} argument JSON text: {batch, rows: [Row]} */
  async add(argument) {
    const { batch, rows } = checked(JSON.parse(argument));
    this.ctx.storage.transactionSync(() => {
      for (const [number, row] of rows.entries()) {
        if (this.isForgotten(row)) continue;
        this.sql.exec(
          "INSERT OR IGNORE INTO narratives VALUES (?, ?, ?, ?, ?, ?, ?)",
          batch,
          number,
          row.at,
          row.user,
          row.outcome,
          row.duration_millis,
          row.system,
        );
      }
    });
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + DAY_MILLIS);
    return "{}";
  }

  /** @param {Row} row */
  isForgotten({ user, at }) {
    if (user === "") return false;
    const [found] = this.sql.exec("SELECT at FROM forgotten WHERE user = ?", user);
    return found !== undefined && at <= Number(found.at) + CLOCK_SKEW_MILLIS;
  }

  /**
   * Deletes what is known of a user, and what is still on its way here.
   * @param {string} argument JSON text: {user} @returns {Promise<string>} {count}
   */
  async forget(argument) {
    const { user } = JSON.parse(argument);
    if (!isText(user) || user === "") throw new Refusal("A user's digest is a text.");
    const count = this.ctx.storage.transactionSync(() => {
      this.sql.exec("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", user, Date.now());
      return this.sql.exec("DELETE FROM narratives WHERE user = ?", user).rowsWritten;
    });
    return JSON.stringify({ count });
  }

  /**
   * @param {string} argument JSON text: {since: ms}
   * @returns {Promise<string>} {requests, hits, stale, misses, templates, refused, hitRate, durationMillis: {mean, p50,
   *   p95}, topSystems: [{name, count}], users}: as operators see it
   */
  async narratives(argument) {
    const { since } = JSON.parse(argument);
    if (!isCount(since)) throw new Refusal("since is a time in milliseconds.");
    /** @type {Map<unknown, number>} */
    const outcomes = new Map();
    for (const { outcome, count } of this.sql.exec(
      "SELECT outcome, COUNT(*) AS count FROM narratives WHERE at >= ? GROUP BY outcome",
      since,
    ))
      outcomes.set(outcome, Number(count));
    const [hits = 0, stale = 0, misses = 0, templates = 0, refused = 0] = [...OUTCOMES].map(
      (outcome) => outcomes.get(outcome) ?? 0,
    );
    const all = this.sql
      .exec(
        `SELECT COUNT(*) AS requests, COALESCE(AVG(duration_millis), 0) AS mean,
           COUNT(DISTINCT NULLIF(user, '')) AS users FROM narratives WHERE at >= ?`,
        since,
      )
      .one();
    const requests = Number(all.requests);
    const systems = this.sql.exec(
      `SELECT system AS name, COUNT(*) AS count FROM narratives WHERE at >= ? AND system <> ''
       GROUP BY system ORDER BY count DESC, name LIMIT ?`,
      since,
      SYSTEMS_MAX,
    );
    return JSON.stringify({
      requests,
      hits,
      stale,
      misses,
      templates,
      refused,
      hitRate: requests === 0 ? 0 : Number(((hits + stale) / requests).toFixed(4)),
      durationMillis: {
        mean: Math.round(Number(all.mean)),
        p50: this.durationAt(since, requests, 0.5),
        p95: this.durationAt(since, requests, 0.95),
      },
      topSystems: [...systems],
      users: Number(all.users),
    });
  }

  /** The smallest duration that the share of requests does not exceed. @param {number} since @param {number} requests @param {number} share */
  durationAt(since, requests, share) {
    if (requests === 0) return 0;
    const rank = Math.max(0, Math.ceil(requests * share) - 1);
    const row = this.sql
      .exec(
        "SELECT duration_millis AS millis FROM narratives WHERE at >= ? ORDER BY duration_millis LIMIT 1 OFFSET ?",
        since,
        rank,
      )
      .one();
    return Number(row.millis);
  }

  /** Once a day: what is older than 90 days goes. @override */
  async alarm() {
    const now = Date.now();
    this.sql.exec("DELETE FROM narratives WHERE at < ?", now - KEPT_MILLIS);
    this.sql.exec("DELETE FROM forgotten WHERE at < ?", now - FORGOTTEN_MILLIS);
    const [left] = this.sql.exec("SELECT 1 FROM narratives UNION ALL SELECT 1 FROM forgotten LIMIT 1");
    if (left !== undefined) await this.ctx.storage.setAlarm(now + DAY_MILLIS);
  }
}

/** @param {any} argument @returns {{batch: string, rows: Row[]}} */
function checked(argument) {
  const { batch, rows } = argument ?? {};
  if (!isText(batch) || batch === "") throw new Refusal("A batch has a name.");
  if (!Array.isArray(rows) || rows.length > ROWS_MAX)
    throw new Refusal(`A batch has up to ${ROWS_MAX} rows.`);
  if (!rows.every(isRow)) throw new Refusal("A row of the batch is malformed.");
  return { batch, rows };
}

/** @param {any} row */
const isRow = (row) =>
  isCount(row?.at) &&
  isText(row.user) &&
  OUTCOMES.has(row.outcome) &&
  isCount(row.duration_millis) &&
  isText(row.system);

/** @param {any} value */
const isText = (value) => typeof value === "string" && value.length <= TEXT_CHARACTERS_MAX;

/** @param {any} value */
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
