// The audit log: every operators' call that was let in, and how many were turned away. One object for the deployment.

import { DurableObject } from "cloudflare:workers";
import { Refusal } from "../operations/object.js";

/**
 * @typedef {object} Row
 * @property {"call" | "refusal"} kind
 * @property {number} at milliseconds since the epoch; of a refusal, its minute
 * @property {string} subject @property {string} role @property {string} address @property {string} method
 * @property {string} path @property {string} note @property {number} status @property {string} request_id
 * @property {number} count
 */

const DAY_MILLIS = 86_400_000;
const KEPT_MILLIS = 90 * DAY_MILLIS;
const ROWS_MAX = 500;
const PAGE_MAX = 200;
const TEXT_CHARACTERS_MAX = 1024;
/** Kinds of refusals that a minute may have: who has no token must not be able to fill the log. */
const REFUSALS_PER_MINUTE_MAX = 1000;
const TEXTS = /** @type {const} */ ([
  "subject",
  "role",
  "address",
  "method",
  "path",
  "note",
  "request_id",
]);
const COLUMNS = "id, kind, at, subject, role, address, method, path, note, status, request_id, count";

export class Audit extends DurableObject {
  /** @param {DurableObjectState} ctx @param {Cloudflare.Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS rows (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, at INTEGER NOT NULL, subject TEXT NOT NULL,
        role TEXT NOT NULL, address TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, note TEXT NOT NULL,
        status INTEGER NOT NULL, request_id TEXT NOT NULL, count INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS rows_at ON rows (at);
      CREATE UNIQUE INDEX IF NOT EXISTS refusals ON rows (at, address, subject, status) WHERE kind = 'refusal';`);
  }

  /** Keeps all rows or, where one of them is malformed, none. @param {string} argument JSON text: [Row] */
  async add(argument) {
    const rows = checked(JSON.parse(argument));
    this.ctx.storage.transactionSync(() => {
      for (const row of rows) {
        if (row.kind === "call") this.insert(row);
        else this.count(row);
      }
    });
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + DAY_MILLIS);
    return "{}";
  }

  /** @param {Row} row */
  insert(row) {
    this.sql.exec(
      `INSERT INTO rows (kind, at, subject, role, address, method, path, note, status, request_id, count)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.kind,
      row.at,
      ...TEXTS.map((name) => row[name]).slice(0, 6),
      row.status,
      row.request_id,
      row.count,
    );
  }

  /** @param {Row} row */
  count(row) {
    const known = this.sql.exec(
      `UPDATE rows SET count = count + ? WHERE kind = 'refusal' AND at = ? AND address = ? AND subject = ? AND status = ?`,
      row.count,
      row.at,
      row.address,
      row.subject,
      row.status,
    ).rowsWritten;
    if (known > 0) return;
    const kinds = Number(
      this.sql.exec("SELECT COUNT(*) AS count FROM rows WHERE kind = 'refusal' AND at = ?", row.at).one().count,
    );
    const others = { ...row, address: "others", subject: "", role: "" };
    if (kinds < REFUSALS_PER_MINUTE_MAX) this.insert(row);
    else if (row.address === "others" && row.subject === "") this.insert(row);
    else this.count(others);
  }

  /**
   * The newest rows first.
   * @param {string} argument JSON text: {since: ms, before: id or 0, count_max}
   * @returns {Promise<string>} {rows: [Row with id], next: id or 0}
   */
  async list(argument) {
    const { since, before, count_max } = JSON.parse(argument);
    const count = Math.min(Math.max(1, count_max), PAGE_MAX);
    const rows = [
      ...this.sql.exec(
        `SELECT ${COLUMNS} FROM rows WHERE at >= ? AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?`,
        since,
        before,
        before,
        count + 1,
      ),
    ];
    const page = rows.slice(0, count);
    return JSON.stringify({ rows: page, next: rows.length > count ? page.at(-1)?.id : 0 });
  }

  /** Once a day: what is older than 90 days goes. */
  async alarm() {
    this.sql.exec("DELETE FROM rows WHERE at < ?", Date.now() - KEPT_MILLIS);
    const left = Number(this.sql.exec("SELECT COUNT(*) AS count FROM rows").one().count);
    if (left > 0) await this.ctx.storage.setAlarm(Date.now() + DAY_MILLIS);
  }
}

/** @param {any} rows @returns {Row[]} */
function checked(rows) {
  if (!Array.isArray(rows) || rows.length > ROWS_MAX)
    throw new Refusal(`The audit log takes arrays of at most ${ROWS_MAX} rows.`);
  for (const row of rows) if (!isRow(row)) throw new Refusal("A row is malformed.");
  return rows;
}

/** @param {any} row */
const isRow = (row) =>
  (row?.kind === "call" || row?.kind === "refusal") &&
  Number.isSafeInteger(row.at) &&
  Number.isSafeInteger(row.status) &&
  Number.isSafeInteger(row.count) &&
  row.count > 0 &&
  TEXTS.every((name) => typeof row[name] === "string" && row[name].length <= TEXT_CHARACTERS_MAX);
