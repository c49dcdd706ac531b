// The control log: what was purged, and which settings are changed at run time. One object for the whole deployment; isolates
// read it through their data centres' caches (shim/operations/control.js).

import { DurableObject } from "cloudflare:workers";

const CHANGES_MAX = 1000;
const PURGES_MAX = 1000;
const TEXT_BYTES_MAX = 2048;
const KINDS = new Set(["key", "tag", "prefix", "pattern", "all"]);
const encoder = new TextEncoder();

/** @typedef {{kind: string, text: string, soft: boolean}} Purge */
/** @typedef {{setting: string, value: string | null}} Setting */

export class ControlLog extends DurableObject {
  /** @param {DurableObjectState} ctx @param {Cloudflare.Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL);
      INSERT OR IGNORE INTO log VALUES (1, 0);
      CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS purges (
        kind TEXT NOT NULL, text TEXT NOT NULL, soft INTEGER NOT NULL,
        sequence INTEGER NOT NULL UNIQUE, at INTEGER NOT NULL,
        PRIMARY KEY (kind, text, soft));`);
  }

  /** The log as JSON text: {sequence, settings: {name: value}, purges: [{sequence, kind, text, soft, at}]}. */
  async read() {
    const settings = this.sql.exec("SELECT name, value FROM settings ORDER BY name").raw();
    const purges = this.sql.exec("SELECT sequence, kind, text, soft, at FROM purges ORDER BY sequence");
    return JSON.stringify({
      sequence: this.sequence(),
      settings: Object.fromEntries(settings),
      purges: [...purges].map((purge) => ({ ...purge, soft: purge.soft === 1 })),
    });
  }

  /**
   * Applies all changes or, where one of them is malformed, none.
   * @param {string} changes JSON text: [{kind, text, soft} or {setting, value}]; a value of null removes the setting
   * @returns {Promise<string>} the log with them
   */
  async append(changes) {
    const list = checked(JSON.parse(changes));
    this.ctx.storage.transactionSync(() => {
      // A clock that was set back must not make a purge older than what it comes after.
      const newest = Number(this.sql.exec("SELECT COALESCE(MAX(at), 0) AS at FROM purges").one().at);
      const at = Math.max(Date.now(), newest);
      let sequence = this.sequence();
      for (const change of list) {
        sequence += 1;
        if ("setting" in change) this.set(change);
        else this.purge(change, sequence, at);
      }
      this.sql.exec("UPDATE log SET sequence = ?", sequence);
      while (this.purgeCount() > PURGES_MAX) this.foldOldest();
    });
    return await this.read();
  }

  sequence() {
    return Number(this.sql.exec("SELECT sequence FROM log").one().sequence);
  }

  purgeCount() {
    return Number(this.sql.exec("SELECT COUNT(*) AS count FROM purges").one().count);
  }

  /** @param {Setting} change */
  set({ setting, value }) {
    if (value === null) this.sql.exec("DELETE FROM settings WHERE name = ?", setting);
    else this.sql.exec("INSERT OR REPLACE INTO settings VALUES (?, ?)", setting, value);
  }

  /** A soft purge leaves a hard one in force, which says more about what is older. @param {Purge} change @param {number} sequence @param {number} at */
  purge({ kind, text, soft }, sequence, at) {
    const softness = soft ? 1 : 0;
    this.sql.exec("DELETE FROM purges WHERE kind = ? AND text = ? AND soft >= ?", kind, text, softness);
    this.sql.exec("INSERT INTO purges VALUES (?, ?, ?, ?, ?)", kind, text, softness, sequence, at);
  }

  /** Purging everything that is as old purges too much at worst, which is never wrong. */
  foldOldest() {
    const half = Math.floor(this.purgeCount() / 2);
    const last = this.sql
      .exec("SELECT sequence, at FROM purges ORDER BY sequence LIMIT 1 OFFSET ?", half - 1)
      .one();
    this.sql.exec("DELETE FROM purges WHERE sequence <= ?", last.sequence);
    // Where a newer one of the kind is there already, it covers these as well.
    this.sql.exec("INSERT OR IGNORE INTO purges VALUES ('all', '', 0, ?, ?)", last.sequence, last.at);
  }
}

/** @param {any} changes @returns {Array<Purge | Setting>} */
function checked(changes) {
  if (!Array.isArray(changes)) throw new TypeError("The changes are no array.");
  if (changes.length > CHANGES_MAX) throw new RangeError(`There are more than ${CHANGES_MAX} changes.`);
  for (const change of changes) {
    if (!(isPurge(change) || isSetting(change))) throw new TypeError("A change is malformed.");
  }
  return changes;
}

/** @param {any} change */
const isPurge = (change) =>
  KINDS.has(change?.kind) &&
  isText(change.text) &&
  typeof change.soft === "boolean" &&
  !("setting" in change);

/** @param {any} change */
const isSetting = (change) =>
  isText(change?.setting) &&
  change.setting !== "" &&
  (change.value === null || isText(change.value)) &&
  !("kind" in change);

/** @param {any} value */
const isText = (value) => typeof value === "string" && encoder.encode(value).length <= TEXT_BYTES_MAX;
