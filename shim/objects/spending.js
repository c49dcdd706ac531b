// What calls of models come to, day by day (UTC). One object counts for all isolates, so that a bound holds exactly.

import { DurableObject } from "cloudflare:workers";
import { Refusal } from "../operations/object.js";

/** As long as everything else about requests is kept. */
const DAYS_KEPT = 90;
const DAY_MILLIS = 86_400_000;

export class Spending extends DurableObject {
  /** @param {DurableObjectState} ctx @param {Cloudflare.Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS days (
        day TEXT PRIMARY KEY, calls INTEGER NOT NULL DEFAULT 0, promptTokens INTEGER NOT NULL DEFAULT 0,
        outputTokens INTEGER NOT NULL DEFAULT 0, microdollars INTEGER NOT NULL DEFAULT 0);`);
  }

  /**
   * Takes one of the day's calls, unless there were as many already, or what they cost has reached the bound.
   * @param {string} argument JSON text of {day, calls, microdollars}: at most; microdollars 0 sets no bound
   * @returns {Promise<string>} {allowed, used}: used with this one
   */
  async take(argument) {
    const { day, calls, microdollars } = checked(argument, ["calls", "microdollars"]);
    const spent = this.of(day);
    const allowed = spent.calls < calls && (microdollars === 0 || spent.microdollars < microdollars);
    if (!allowed) return JSON.stringify({ allowed, used: spent.calls });
    // The day's first call is the time to forget old days.
    if (spent.calls === 0) this.sql.exec("DELETE FROM days WHERE day < ?", daysBefore(day, DAYS_KEPT));
    this.add(day, { calls: 1, promptTokens: 0, outputTokens: 0, microdollars: 0 });
    return JSON.stringify({ allowed, used: spent.calls + 1 });
  }

  /**
   * Adds what one of the day's calls came to.
   * @param {string} argument JSON text of {day, promptTokens, outputTokens, microdollars}
   * @returns {Promise<string>} {}
   */
  async record(argument) {
    const { day, ...amounts } = checked(argument, ["promptTokens", "outputTokens", "microdollars"]);
    this.add(day, { calls: 0, ...amounts });
    return "{}";
  }

  /**
   * @param {string} argument JSON text of {day}
   * @returns {Promise<string>} {calls, promptTokens, outputTokens, microdollars}
   */
  async read(argument) {
    return JSON.stringify(this.of(checked(argument, []).day));
  }

  /**
   * What operators see of all days since one.
   * @param {string} argument JSON text of {since}: a day
   * @returns {Promise<string>} {calls, promptTokens, outputTokens, estimatedUsd}
   */
  async total(argument) {
    const { since } = JSON.parse(argument);
    const { day } = checked(JSON.stringify({ day: since }), []);
    const { microdollars, ...counted } = this.sql
      .exec(
        `SELECT COALESCE(SUM(calls), 0) AS calls, COALESCE(SUM(promptTokens), 0) AS promptTokens,
          COALESCE(SUM(outputTokens), 0) AS outputTokens, COALESCE(SUM(microdollars), 0) AS microdollars
         FROM days WHERE day >= ?`,
        day,
      )
      .one();
    return JSON.stringify({ ...counted, estimatedUsd: Number(microdollars) / 1_000_000 });
  }

  /** @param {string} day @returns {{calls: number, promptTokens: number, outputTokens: number, microdollars: number}} */
  of(day) {
    const [row] = this.sql.exec(
      "SELECT calls, promptTokens, outputTokens, microdollars FROM days WHERE day = ?",
      day,
    );
    return /** @type {any} */ (row) ?? { calls: 0, promptTokens: 0, outputTokens: 0, microdollars: 0 };
  }

  /** @param {string} day @param {Record<string, number>} amounts */
  add(day, { calls, promptTokens, outputTokens, microdollars }) {
    this.sql.exec(
      `INSERT INTO days VALUES (?, ?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET calls = calls + excluded.calls,
        promptTokens = promptTokens + excluded.promptTokens, outputTokens = outputTokens + excluded.outputTokens,
        microdollars = microdollars + excluded.microdollars`,
      ...[day, calls, promptTokens, outputTokens, microdollars],
    );
  }
}

/** @param {string} day @param {number} count */
const daysBefore = (day, count) =>
  new Date(Date.parse(day) - count * DAY_MILLIS).toISOString().slice(0, "2026-11-21".length);

/** @param {string} argument @param {string[]} amounts members that are whole numbers from 0 */
function checked(argument, amounts) {
  const given = JSON.parse(argument);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(given?.day) && !Number.isNaN(Date.parse(given.day));
  if (!isDay) throw new Refusal("day is no day like 2026-11-21.");
  for (const name of amounts) {
    if (!Number.isSafeInteger(given[name]) || given[name] < 0)
      throw new Refusal(`${name} is no whole number from 0.`);
  }
  return given;
}
