// Access logs as requests in the order of their times: JSON lines (Cloudflare's Logpush, or members of the usual names), and
// the Common and Combined formats.

import { Failure } from "./failure.js";

/**
 * @typedef {object} Logged
 * @property {number} at milliseconds since the epoch
 * @property {string} method
 * @property {string} target path and query
 * @property {number} status
 * @property {number} bytes of the body
 *
 * @typedef {{requests: Logged[], format: string, unread: number}} Log
 */

/** host ident user [time] "METHOD target HTTP/x" status bytes … */
const COMMON = /^\S+ \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)(?: HTTP\/[\d.]+)?" (\d{3}) (\d+|-)/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param {string} text 10/Oct/2000:13:55:36 -0700 @returns {number} NaN for another form */
function commonTime(text) {
  const parts = /^(\d{1,2})\/(\w{3})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/.exec(text);
  if (parts === null) return Number.NaN;
  const [, day = "", month = "", year, time, hours, minutes] = parts;
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  return Date.parse(`${year}-${number}-${day.padStart(2, "0")}T${time}${hours}:${minutes}`);
}

/** Seconds, milliseconds, microseconds or nanoseconds since the epoch, or RFC 3339. @param {unknown} value */
function timeOf(value) {
  if (typeof value === "string" && !/^\d+(\.\d+)?$/.test(value)) return Date.parse(value);
  let time = Number(value);
  if (value === undefined || value === null || !Number.isFinite(time)) return Number.NaN;
  if (time < 1e11) time *= 1000;
  while (time > 1e14) time /= 1000;
  return time;
}

/** @param {string} text a whole URL, or a path */
function targetOf(text) {
  const url = URL.parse(text, "http://log.invalid");
  return url === null ? null : `${url.pathname}${url.search}`;
}

/** @param {Record<string, any>} line @param {string[]} names */
const first = (line, names) =>
  names.map((name) => line[name]).find((value) => value !== undefined && value !== null);

/** @param {string} line @returns {Logged | null} */
function fromJson(line) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (value === null || typeof value !== "object") return null;
  const url = first(value, ["ClientRequestURI", "url", "uri", "path", "request_uri", "target"]);
  const at = timeOf(first(value, ["EdgeStartTimestamp", "timestamp", "time", "ts", "at", "date"]));
  const target = typeof url === "string" ? targetOf(url) : null;
  if (target === null || Number.isNaN(at)) return null;
  return {
    at,
    method: String(first(value, ["ClientRequestMethod", "method", "verb"]) ?? "GET").toUpperCase(),
    target,
    status: Number(first(value, ["EdgeResponseStatus", "OriginResponseStatus", "status"]) ?? 200),
    bytes: Number(
      first(value, ["EdgeResponseBodyBytes", "EdgeResponseBytes", "bytes", "size", "body_bytes_sent"]) ?? 0,
    ),
  };
}

/** @param {string} line @returns {Logged | null} */
function fromCommon(line) {
  const parts = COMMON.exec(line);
  const at = commonTime(parts?.[1] ?? "");
  const target = parts === null ? null : targetOf(parts[3] ?? "");
  if (parts === null || target === null || Number.isNaN(at)) return null;
  const [, , method = "", , status, bytes] = parts;
  return {
    at,
    method: method.toUpperCase(),
    target,
    status: Number(status),
    bytes: bytes === "-" ? 0 : Number(bytes),
  };
}

/** @param {string} text @param {string} file for messages @returns {Log} */
export function readLog(text, file) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const isJson = lines[0]?.trimStart().startsWith("{") ?? false;
  const read = lines.map(isJson ? fromJson : fromCommon);
  const requests = read.filter((one) => one !== null).sort((a, b) => a.at - b.at);
  if (requests.length === 0) {
    throw new Failure(
      `${file} has no line of a known form: JSON lines (Cloudflare's Logpush, or url and time), Common or Combined.`,
    );
  }
  return {
    requests,
    format: isJson ? "JSON lines" : "Common or Combined",
    unread: lines.length - requests.length,
  };
}
