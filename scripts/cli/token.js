// Tokens (JWT, HS256) for a secret of a deployment.

import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, WrongUsage } from "./failure.js";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export const ROLES = ["admin", "viewer"];
const SECONDS_OF_UNIT = /** @type {Record<string, number>} */ ({ s: 1, m: 60, h: 3600, d: 86_400 });
const EXPIRES_SECONDS_MAX = 365 * 86_400;

/** @param {string} duration such as 30m, 1h, 7d @returns {number} seconds; 0: this is none */
export function secondsIn(duration) {
  const match = /^(\d{1,9})([smhd])$/.exec(duration);
  return match === null ? 0 : Number(match[1]) * /** @type {number} */ (SECONDS_OF_UNIT[match[2] ?? ""]);
}

/** @param {string} path of a file in the form of .dev.vars @returns {string} its ADMIN_JWT_SECRET */
export function secretIn(path) {
  if (!existsSync(path)) throw new Failure(`${path} does not exist: npm run setup makes it.`);
  const found = /^ADMIN_JWT_SECRET\s*=\s*(["']?)(.+?)\1\s*$/m.exec(readFileSync(path, "utf8"))?.[2];
  if (found === undefined) throw new Failure(`${path} has no ADMIN_JWT_SECRET.`);
  return found;
}

/** The file with the secrets of this machine: of the working folder, else of the project. */
export const devVars = () => (existsSync(".dev.vars") ? ".dev.vars" : join(root, ".dev.vars"));

/** @param {object} part */
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");

/**
 * @param {{role: string, sub: string, expires: string}} claims @param {string} secret
 * @param {number} nowMillis @returns {string}
 */
export function signToken({ role, sub, expires }, secret, nowMillis) {
  const lifetime = secondsIn(expires);
  if (lifetime < 1 || lifetime > EXPIRES_SECONDS_MAX) {
    throw new WrongUsage(`--expires is a time such as 30m, 1h or 7d, at most 365d, not "${expires}".`);
  }
  if (!ROLES.includes(role)) throw new WrongUsage(`--role is admin or viewer, not "${role}".`);
  if (!/^[\x21-\x7e]{1,64}$/.test(sub)) {
    throw new WrongUsage("--sub is a name of 1 to 64 visible ASCII characters.");
  }
  const issued = Math.floor(nowMillis / 1000);
  const claims = { sub, role, iat: issued, exp: issued + lifetime };
  const signed = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
