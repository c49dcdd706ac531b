// npm run --silent token -- [--role admin|viewer] [--sub NAME] [--expires 1h]: a JWT (HS256) for the secret in .dev.vars.
// It is all that goes to standard output.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const ROLES = ["admin", "viewer"];
const SECONDS_OF_UNIT = /** @type {Record<string, number>} */ ({ s: 1, m: 60, h: 3600, d: 86_400 });
const EXPIRES_SECONDS_MAX = 365 * 86_400;

/** @param {string} duration such as 30m, 1h, 7d @returns {number} */
function secondsOf(duration) {
  const match = /^(\d{1,9})([smhd])$/.exec(duration);
  const seconds =
    match === null ? 0 : Number(match[1]) * /** @type {number} */ (SECONDS_OF_UNIT[match[2] ?? ""]);
  if (seconds < 1 || seconds > EXPIRES_SECONDS_MAX) {
    throw new Error(`--expires is a time such as 30m, 1h or 7d, at most 365d, not "${duration}".`);
  }
  return seconds;
}

function secret() {
  const found = /^ADMIN_JWT_SECRET\s*=\s*(["']?)(.+?)\1\s*$/m.exec(readFileSync(".dev.vars", "utf8"))?.[2];
  if (found === undefined) throw new Error(".dev.vars has no ADMIN_JWT_SECRET.");
  return found;
}

/** @param {object} part */
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");

function main() {
  const { values } = parseArgs({
    options: {
      role: { type: "string", default: "admin" },
      sub: { type: "string", default: "developer" },
      expires: { type: "string", default: "1h" },
    },
  });
  const { role, sub, expires } = values;
  if (!ROLES.includes(role)) throw new Error(`--role is admin or viewer, not "${role}".`);
  if (!/^[\x21-\x7e]{1,64}$/.test(sub))
    throw new Error("--sub is a name of 1 to 64 visible ASCII characters.");
  const issued = Math.floor(Date.now() / 1000);
  const claims = { sub, role, iat: issued, exp: issued + secondsOf(expires) };
  const signed = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
  console.log(`${signed}.${createHmac("sha256", secret()).update(signed).digest("base64url")}`);
}

try {
  main();
} catch (error) {
  console.error(`larder: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
