// Commands by HTTP in the shape of Upstash's REST API (read 2026-11): a pipeline is one POST; each reply is {result} or
// {error}; with Upstash-Encoding every text comes as base64, but "OK", which stays itself. JSON carries texts alone, so an
// argument has to be UTF-8.

import { Buffer } from "node:buffer";
import { OperationFailure } from "../failure.js";
import { Refusal } from "./record.js";

/** @typedef {import("./record.js").Reply} Reply */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** By address: where it has replicas, a server that has seen what this isolate wrote is to answer. @type {Map<string, string>} */
const syncTokens = new Map();

/**
 * @param {string} url @param {string} token @param {Uint8Array[][]} commands @param {number} millis @returns {Promise<Reply[]>}
 */
export async function runOverRest(url, token, commands, millis) {
  const body = JSON.stringify(commands.map((command) => command.map(textOf)));
  const headers = new Headers({
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "upstash-encoding": "base64",
  });
  const syncToken = syncTokens.get(url);
  if (syncToken !== undefined) headers.set("upstash-sync-token", syncToken);
  const { status, given, newest } = await exchange(
    `${url}/pipeline`,
    { method: "POST", headers, body, redirect: "manual" },
    millis,
  );
  if (newest !== null) syncTokens.set(url, newest);
  if (status === 401 || status === 403) {
    throw new OperationFailure("rejected", `The Redis server refuses REDIS_TOKEN (status ${status}).`);
  }
  if (status !== 200) {
    throw new OperationFailure(
      status < 500 ? "rejected" : "unavailable",
      `The Redis server answered with status ${status}.`,
    );
  }
  if (!Array.isArray(given))
    throw new OperationFailure("corrupt", "The Redis server's answer is no list of replies.");
  return given.map(replyOf);
}

/** @param {string} url @param {RequestInit} init @param {number} millis */
async function exchange(url, init, millis) {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(millis) });
    const text = await response.text();
    const newest = response.headers.get("upstash-sync-token");
    return { status: response.status, given: response.status === 200 ? JSON.parse(text) : null, newest };
  } catch (thrown) {
    if (thrown instanceof SyntaxError)
      throw new OperationFailure("corrupt", "The Redis server's answer is no JSON.");
    if (thrown instanceof Error && (thrown.name === "TimeoutError" || thrown.name === "AbortError")) {
      throw new OperationFailure("timeout", `Redis gave no answer within ${millis} ms.`);
    }
    throw thrown;
  }
}

/** @param {Uint8Array} argument */
function textOf(argument) {
  try {
    return decoder.decode(argument);
  } catch {
    throw new OperationFailure("invalid", "REST carries no argument that is not UTF-8.");
  }
}

/** @param {any} reply @returns {Reply} */
function replyOf(reply) {
  if (typeof reply?.error === "string") return new Refusal(reply.error);
  return contentOf(reply?.result ?? null);
}

/** @param {any} value @returns {Reply} */
function contentOf(value) {
  if (Array.isArray(value)) return value.map(contentOf);
  if (typeof value === "string") return value === "OK" ? value : Buffer.from(value, "base64");
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  return null;
}
