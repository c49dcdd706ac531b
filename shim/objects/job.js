// Warming jobs: what was asked for, and what has become of each author. One object holds the jobs of a deployment (its name
// is CACHE_PREFIX): a batch of ten messages calls it three times, so its thousand calls a second are far away, and what
// concerns all jobs (the pending limit, one job for one file, the dead letters) is one transaction.
//
// An item is a key (an author's normal form) with the levels that are left to walk from there. It is `open` until it is
// accounted for, once: processed, skipped or failed. However often a message about it is delivered, only the first word
// counts. So a job is complete when no item of it is open, which is a fact and no guess.

import { DurableObject } from "cloudflare:workers";
import { Refusal } from "../operations/object.js";

/**
 * @typedef {{key: string, name: string, depth: number, maxDepth: number, source: string}} Found
 * @typedef {{job: string, key: string, remaining: number}} Reference
 * @typedef {Reference & {outcome: "processed" | "skipped" | "failed", works: number, reason: string, message: string}} Outcome
 */

const ACTIVE = "('queued', 'running')";

export class Job extends DurableObject {
  /** @param {DurableObjectState} ctx @param {Cloudflare.Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, state TEXT NOT NULL,
        options TEXT NOT NULL, beyond INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, started INTEGER,
        completed INTEGER, touched INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS jobs_by_digest ON jobs (digest);
      CREATE TABLE IF NOT EXISTS levels (
        job TEXT NOT NULL, depth INTEGER NOT NULL, queued INTEGER NOT NULL DEFAULT 0, processed INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, works INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (job, depth));
      CREATE TABLE IF NOT EXISTS items (
        number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, key TEXT NOT NULL, remaining INTEGER NOT NULL,
        depth INTEGER NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, parent TEXT NOT NULL, state TEXT NOT NULL,
        UNIQUE (job, key, remaining));
      CREATE INDEX IF NOT EXISTS items_by_state ON items (job, state, number);
      CREATE TABLE IF NOT EXISTS letters (
        number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, key TEXT NOT NULL, remaining INTEGER NOT NULL,
        body TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL,
        UNIQUE (job, key, remaining));
      CREATE TABLE IF NOT EXISTS totals (
        one INTEGER PRIMARY KEY CHECK (one = 1), authors INTEGER NOT NULL, works INTEGER NOT NULL, started INTEGER,
        completed INTEGER);
      INSERT OR IGNORE INTO totals VALUES (1, 0, 0, NULL, NULL);`);
  }

  /**
   * Makes a job of a list, whole or not at all; or finds the one that is at work on the same list.
   * @param {string} argument {id, digest, options, now, pendingMax, items: [Found]}
   * @returns {Promise<string>} {created, job}, or {refused: true, pending}: above the pending limit
   */
  async open(argument) {
    const { id, digest, options, now, pendingMax, items } = JSON.parse(argument);
    return this.ctx.storage.transactionSync(() => {
      const [same] = this.sql.exec(
        `SELECT id FROM jobs WHERE digest = ? AND state IN ${ACTIVE} LIMIT 1`,
        digest,
      );
      if (same !== undefined) return JSON.stringify({ created: false, job: this.shown(String(same.id)) });
      const pending = this.pending();
      if (pending + items.length > pendingMax) return JSON.stringify({ refused: true, pending });
      this.sql.exec(
        "INSERT INTO jobs (id, digest, state, options, created, touched) VALUES (?, ?, 'queued', ?, ?, ?)",
        id,
        digest,
        JSON.stringify(options),
        now,
        now,
      );
      for (const item of items) this.add(id, item, "");
      return JSON.stringify({ created: true, job: this.shown(id), totals: this.totals() });
    });
  }

  /**
   * Which of these are to be worked on: those that are open in a job that is not over.
   * @param {string} argument {now, items: [Reference]}
   * @returns {Promise<string>} {open: [boolean]}
   */
  async begin(argument) {
    const { now, items } = JSON.parse(argument);
    const open = items.map((/** @type {Reference} */ item) => {
      if (!this.isActive(item.job)) return false;
      this.start(item.job, now);
      return this.state(item) === "open";
    });
    return JSON.stringify({ open });
  }

  /**
   * Adds what was found on the way, unless the job has it already with at least as many levels left.
   * @param {string} argument {now, job, parent, itemsMax, items: [Found]}; `parent` names who found them
   * @returns {Promise<string>} {send: [index]}: those to send a message about. Asked again, the same as long as they are open.
   */
  async discover(argument) {
    const { now, job, parent, itemsMax, items } = JSON.parse(argument);
    /** @type {number[]} */
    const send = [];
    this.ctx.storage.transactionSync(() => {
      if (!this.isActive(job)) return;
      this.sql.exec("UPDATE jobs SET touched = ? WHERE id = ?", now, job);
      items.forEach((/** @type {Found} */ item, /** @type {number} */ index) => {
        const remaining = item.maxDepth - item.depth;
        const [known] = this.sql.exec(
          "SELECT parent, state, remaining FROM items WHERE job = ? AND key = ? AND remaining >= ? ORDER BY remaining LIMIT 1",
          job,
          item.key,
          remaining,
        );
        if (known === undefined) {
          if (this.count(job) >= itemsMax) {
            this.sql.exec("UPDATE jobs SET beyond = beyond + 1 WHERE id = ?", job);
            return;
          }
          this.add(job, item, parent);
          send.push(index);
        } else if (known.parent === parent && known.state === "open" && known.remaining === remaining) {
          send.push(index);
        }
      });
    });
    return JSON.stringify({ send });
  }

  /**
   * Accounts for items. What failed becomes a dead letter.
   * @param {string} argument {now, items: [Outcome]}
   * @returns {Promise<string>} {counted: [boolean], ended: [job], pending, totals}; not counted: it was accounted for before
   */
  async settle(argument) {
    const { now, items } = JSON.parse(argument);
    return this.ctx.storage.transactionSync(() => {
      const counted = items.map((/** @type {Outcome} */ item) => this.account(item, now));
      const jobs = new Set(items.map((/** @type {Outcome} */ item) => item.job));
      const ended = [...jobs].filter((job) => this.endIfOver(job, now)).map((job) => this.shown(job));
      return JSON.stringify({ counted, ended, pending: this.pending(), totals: this.totals() });
    });
  }

  /** @param {string} argument {job} @returns {Promise<string>} the job */
  async show(argument) {
    const { job } = JSON.parse(argument);
    const shown = this.shown(job);
    if (shown === null) throw new Refusal("There is no such job.");
    return JSON.stringify(shown);
  }

  /**
   * @param {string} argument {cursor, limit}: jobs older than the cursor, which is a job's number; 0 is from the newest
   * @returns {Promise<string>} {jobs, next, pending, letters, totals}; `next` is 0 at the end
   */
  async list(argument) {
    const { cursor, limit } = JSON.parse(argument);
    const rows = [
      ...this.sql.exec(
        "SELECT number, id FROM jobs WHERE ? = 0 OR number < ? ORDER BY number DESC LIMIT ?",
        cursor,
        cursor,
        limit,
      ),
    ];
    const jobs = rows.map(({ id }) => this.shown(String(id)));
    const next = rows.length === limit ? rows[rows.length - 1]?.number : 0;
    return JSON.stringify({
      jobs,
      next,
      pending: this.pending(),
      letters: this.letterCount(),
      totals: this.totals(),
    });
  }

  /** @param {string} argument {now, job} @returns {Promise<string>} {removed, job}: cancelled where it was at work, else removed */
  async cancel(argument) {
    const { now, job } = JSON.parse(argument);
    return this.ctx.storage.transactionSync(() => {
      const shown = this.shown(job);
      if (shown === null) throw new Refusal("There is no such job.");
      const removed = !this.isActive(job);
      if (removed) this.remove(job);
      else {
        this.sql.exec("UPDATE jobs SET state = 'cancelled', completed = ? WHERE id = ?", now, job);
        this.forget(job);
      }
      return JSON.stringify({ removed, job: this.shown(job) ?? shown });
    });
  }

  /**
   * Open items of a job, for who walks it in steps: those whose place in it is `from` + a multiple of `step`.
   * @param {string} argument {now, job, from, step, limit}
   * @returns {Promise<string>} {items: [Found & {place}], over}
   */
  async walk(argument) {
    const { now, job, from, step, limit } = JSON.parse(argument);
    if (!this.isActive(job)) return JSON.stringify({ items: [], over: true });
    this.start(job, now);
    const first = Number(
      this.sql.exec("SELECT COALESCE(MIN(number), 0) AS first FROM items WHERE job = ?", job).one().first,
    );
    const rows = [
      ...this.sql.exec(
        `SELECT * FROM items WHERE job = ? AND state = 'open' AND number >= ? AND (number - ?) % ? = ? % ?
         ORDER BY number LIMIT ?`,
        job,
        first + from,
        first,
        step,
        from,
        step,
        limit,
      ),
    ];
    const items = rows.map((row) => ({ ...found(row), place: Number(row.number) - first }));
    return JSON.stringify({ items, over: false });
  }

  /**
   * A message that nobody could read, or that was redelivered in vain.
   * @param {string} argument {now, key, body, reason, message}
   */
  async keep(argument) {
    const { now, key, body, reason, message } = JSON.parse(argument);
    this.sql.exec(
      "INSERT OR REPLACE INTO letters (job, key, remaining, body, reason, message, at) VALUES ('', ?, 0, ?, ?, ?, ?)",
      key,
      body,
      reason,
      message,
      now,
    );
    return JSON.stringify({});
  }

  /**
   * @param {string} argument {cursor, limit}: letters newer than the cursor
   * @returns {Promise<string>} {letters: [{id, job, name, depth, reason, message, at}], next, depth}
   */
  async letters(argument) {
    const { cursor, limit } = JSON.parse(argument);
    const rows = [
      ...this.sql.exec(
        `SELECT letters.*, items.name, items.depth FROM letters LEFT JOIN items
           ON items.job = letters.job AND items.key = letters.key AND items.remaining = letters.remaining
         WHERE letters.number > ? ORDER BY letters.number LIMIT ?`,
        cursor,
        limit,
      ),
    ];
    const letters = rows.map(({ number, job, name, key, depth, reason, message, at }) => ({
      id: number,
      job,
      name: name ?? key,
      depth: depth ?? 0,
      reason,
      message,
      at,
    }));
    const next = rows.length === limit ? rows[rows.length - 1]?.number : 0;
    return JSON.stringify({ letters, next, depth: this.letterCount() });
  }

  /**
   * Takes letters back: their items are open again, and their jobs at work. A message that nobody could read is nowhere
   * but in its letter, which stays until resent() says that it is in the queue.
   * @param {string} argument {now, ids, limit}; no ids: the oldest
   * @returns {Promise<string>} {items: [Found & {job, options}], unread: [{id, body}], left}
   */
  async replay(argument) {
    const { now, ids, limit } = JSON.parse(argument);
    return this.ctx.storage.transactionSync(() => {
      const rows = [...this.sql.exec("SELECT * FROM letters ORDER BY number")].filter(
        (row) => ids.length === 0 || ids.includes(row.number),
      );
      /** @type {object[]} */
      const items = [];
      /** @type {{id: number, body: string}[]} */
      const unread = [];
      for (const row of rows.slice(0, limit)) {
        if (row.job === "") {
          unread.push({ id: Number(row.number), body: String(row.body) });
          continue;
        }
        this.sql.exec("DELETE FROM letters WHERE number = ?", row.number);
        items.push(...this.reopen(row, now));
      }
      return JSON.stringify({ items, unread, left: this.letterCount() });
    });
  }

  /**
   * Forgets letters whose messages are in the queue again. One that has come back meanwhile is another letter.
   * @param {string} argument {ids} @returns {Promise<string>} {left}
   */
  async resent(argument) {
    const { ids } = JSON.parse(argument);
    for (const id of ids) this.sql.exec("DELETE FROM letters WHERE job = '' AND number = ?", id);
    return JSON.stringify({ left: this.letterCount() });
  }

  /**
   * Open items of jobs that nobody was heard of for so long: their messages may be lost.
   * @param {string} argument {now, quietMillis, limit}
   * @returns {Promise<string>} {items: [Found & {job, options}]}
   */
  async quiet(argument) {
    const { now, quietMillis, limit } = JSON.parse(argument);
    const rows = [
      ...this.sql.exec(
        `SELECT items.*, jobs.options FROM items JOIN jobs ON jobs.id = items.job
         WHERE items.state = 'open' AND jobs.state IN ${ACTIVE} AND jobs.touched <= ? ORDER BY items.number LIMIT ?`,
        now - quietMillis,
        limit,
      ),
    ];
    for (const job of new Set(rows.map((row) => row.job)))
      this.sql.exec("UPDATE jobs SET touched = ? WHERE id = ?", now, job);
    const items = rows.map((row) => ({
      ...found(row),
      job: row.job,
      options: JSON.parse(String(row.options)),
    }));
    return JSON.stringify({ items });
  }

  /** Forgets jobs that ended before that. @param {string} argument {before} */
  async prune(argument) {
    const { before } = JSON.parse(argument);
    const rows = [
      ...this.sql.exec(`SELECT id FROM jobs WHERE completed < ? AND state NOT IN ${ACTIVE}`, before),
    ];
    for (const { id } of rows) this.remove(String(id));
    this.sql.exec("DELETE FROM letters WHERE job = '' AND at < ?", before);
    return JSON.stringify({ removed: rows.length });
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** @param {string} job @param {number} now */
  start(job, now) {
    this.sql.exec(
      "UPDATE jobs SET state = 'running', started = COALESCE(started, ?), touched = ? WHERE id = ?",
      now,
      now,
      job,
    );
    this.sql.exec("UPDATE totals SET started = COALESCE(started, ?)", now);
  }

  /** @param {string} job @param {Found} item @param {string} parent */
  add(job, { key, name, depth, maxDepth, source }, parent) {
    const added = this.sql.exec(
      `INSERT OR IGNORE INTO items (job, key, remaining, depth, name, source, parent, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'open') RETURNING number`,
      job,
      key,
      maxDepth - depth,
      depth,
      name,
      source,
      parent,
    );
    if ([...added].length === 1) this.level(job, depth, "queued", 1);
  }

  /** @param {Outcome} item @param {number} now */
  account(item, now) {
    if (!this.isActive(item.job)) return false;
    const [row] = this.sql.exec(
      `UPDATE items SET state = ? WHERE job = ? AND key = ? AND remaining = ? AND state = 'open' RETURNING depth`,
      item.outcome,
      item.job,
      item.key,
      item.remaining,
    );
    this.sql.exec("UPDATE jobs SET touched = ? WHERE id = ?", now, item.job);
    if (row === undefined) return false;
    this.level(item.job, Number(row.depth), item.outcome, 1);
    this.level(item.job, Number(row.depth), "works", item.works);
    if (item.outcome === "processed")
      this.sql.exec("UPDATE totals SET authors = authors + 1, works = works + ?", item.works);
    if (item.outcome === "failed") {
      this.sql.exec(
        "INSERT OR REPLACE INTO letters (job, key, remaining, body, reason, message, at) VALUES (?, ?, ?, '', ?, ?, ?)",
        item.job,
        item.key,
        item.remaining,
        item.reason,
        item.message,
        now,
      );
    }
    return true;
  }

  /** @param {string} job @param {number} now */
  endIfOver(job, now) {
    if (!this.isActive(job) || this.openCount(job) > 0) return false;
    const [{ processed, failed, skipped }] = /** @type {[Record<string, number>]} */ ([
      this.sql
        .exec(
          "SELECT SUM(processed) AS processed, SUM(failed) AS failed, SUM(skipped) AS skipped FROM levels WHERE job = ?",
          job,
        )
        .one(),
    ]);
    const state = Number(failed) > 0 && Number(processed) + Number(skipped) === 0 ? "failed" : "complete";
    this.sql.exec("UPDATE jobs SET state = ?, completed = ? WHERE id = ?", state, now, job);
    this.sql.exec("UPDATE totals SET completed = ?", now);
    // A list is not kept beyond its job. As long as a part of it may be replayed, it is not over.
    if (Number(failed) === 0) this.forget(job);
    return true;
  }

  /** @param {Record<string, any>} letter @param {number} now */
  reopen(letter, now) {
    const [row] = this.sql.exec(
      `UPDATE items SET state = 'open' WHERE job = ? AND key = ? AND remaining = ? AND state = 'failed' RETURNING *`,
      letter.job,
      letter.key,
      letter.remaining,
    );
    if (row === undefined) return [];
    this.level(letter.job, Number(row.depth), "failed", -1);
    this.sql.exec(
      "UPDATE jobs SET state = 'running', completed = NULL, touched = ? WHERE id = ?",
      now,
      letter.job,
    );
    const { options } = this.sql.exec("SELECT options FROM jobs WHERE id = ?", letter.job).one();
    return [{ ...found(row), job: letter.job, options: JSON.parse(String(options)) }];
  }

  /** @param {string} job @param {number} depth @param {string} column @param {number} by */
  level(job, depth, column, by) {
    this.sql.exec("INSERT OR IGNORE INTO levels (job, depth) VALUES (?, ?)", job, depth);
    this.sql.exec(`UPDATE levels SET ${column} = ${column} + ? WHERE job = ? AND depth = ?`, by, job, depth);
  }

  /** @param {string} job */
  forget(job) {
    this.sql.exec("DELETE FROM items WHERE job = ?", job);
    this.sql.exec("DELETE FROM letters WHERE job = ?", job);
  }

  /** @param {string} job */
  remove(job) {
    this.forget(job);
    this.sql.exec("DELETE FROM levels WHERE job = ?", job);
    this.sql.exec("DELETE FROM jobs WHERE id = ?", job);
  }

  /** @param {string} job */
  isActive(job) {
    return [...this.sql.exec(`SELECT 1 FROM jobs WHERE id = ? AND state IN ${ACTIVE}`, job)].length === 1;
  }

  /** @param {Reference} item */
  state({ job, key, remaining }) {
    const [row] = this.sql.exec(
      "SELECT state FROM items WHERE job = ? AND key = ? AND remaining = ?",
      job,
      key,
      remaining,
    );
    return row?.state ?? "";
  }

  /** @param {string} job */
  count(job) {
    return this.number("SELECT COALESCE(SUM(queued), 0) AS number FROM levels WHERE job = ?", job);
  }

  /** @param {string} job */
  openCount(job) {
    return this.number(
      "SELECT COALESCE(SUM(queued - processed - failed - skipped), 0) AS number FROM levels WHERE job = ?",
      job,
    );
  }

  pending() {
    return this.number(
      `SELECT COALESCE(SUM(queued - processed - failed - skipped), 0) AS number FROM levels JOIN jobs ON jobs.id = levels.job
       WHERE jobs.state IN ${ACTIVE}`,
    );
  }

  letterCount() {
    return this.number("SELECT COUNT(*) AS number FROM letters");
  }

  /** @param {string} query @param {any[]} values */
  number(query, ...values) {
    return Number(this.sql.exec(query, ...values).one().number);
  }

  totals() {
    return this.sql.exec("SELECT authors, works, started, completed FROM totals").one();
  }

  /** @param {string} job */
  shown(job) {
    const [row] = this.sql.exec("SELECT * FROM jobs WHERE id = ?", job);
    if (row === undefined) return null;
    const levels = [
      ...this.sql.exec(
        "SELECT depth, queued, processed, failed, skipped, works FROM levels WHERE job = ? ORDER BY depth",
        job,
      ),
    ];
    const { number, id, state, options, beyond, created, started, completed } = row;
    const rest = { number, id, state, beyond, created, started, completed };
    return { ...rest, options: JSON.parse(String(options)), levels };
  }
}

/** @param {Record<string, any>} row @returns {Found} */
const found = ({ key, name, depth, remaining, source }) => ({
  key,
  name,
  depth,
  maxDepth: depth + remaining,
  source,
});
