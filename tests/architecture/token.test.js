// npm run token: a JWT that anything that knows the secret can verify, and a refusal of what it does not understand.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/token.js", import.meta.url));
const SECRET = "a secret of the test";
const folder = mkdtempSync(join(tmpdir(), "larder-token-"));
writeFileSync(join(folder, ".dev.vars"), `ENVIRONMENT="development"\nADMIN_JWT_SECRET="${SECRET}"\n`);
after(() => rmSync(folder, { recursive: true }));

/** @param {string[]} flags */
const token = (...flags) =>
  spawnSync(process.execPath, [SCRIPT, ...flags], { cwd: folder, encoding: "utf8" });

/** @param {string | undefined} part */
const decoded = (part) => JSON.parse(Buffer.from(part ?? "", "base64url").toString());

test("the token is signed with the secret, for an hour, for an admin", () => {
  const { status, stdout, stderr } = token();
  assert.deepEqual([status, stderr], [0, ""]);
  const [header, claims, signature] = stdout.trimEnd().split(".");
  assert.deepEqual(decoded(header), { alg: "HS256", typ: "JWT" });
  assert.equal(signature, createHmac("sha256", SECRET).update(`${header}.${claims}`).digest("base64url"));
  const { sub, role, iat, exp } = decoded(claims);
  assert.deepEqual({ sub, role, lifetime: exp - iat }, { sub: "developer", role: "admin", lifetime: 3600 });
});

test("flags set the role, the name and the time", () => {
  const { stdout } = token("--role", "viewer", "--sub", "ann@example.com", "--expires", "2d");
  const { sub, role, iat, exp } = decoded(stdout.split(".")[1]);
  assert.deepEqual(
    { sub, role, lifetime: exp - iat },
    { sub: "ann@example.com", role: "viewer", lifetime: 172_800 },
  );
});

for (const flags of [
  ["--role", "owner"],
  ["--expires", "1w"],
  ["--expires", "0h"],
  ["--expires", "366d"],
  ["--sub", ""],
  ["--sub", "two words"],
  ["--what"],
  ["stray"],
]) {
  test(`${flags.join(" ")} is refused`, () => {
    const { status, stdout, stderr } = token(...flags);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^larder: /);
  });
}
