// Commands that ask no Worker: check, doctor, token, completion.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { COMMANDS } from "../../scripts/cli/commands.js";
import { flagOf, optionsOf } from "../../scripts/cli/completion.js";
import { runLarder } from "../../scripts/cli/program.js";
import { larder, NOW } from "./stub.js";

const MODULE = "build/wasi/larder.wasm";
const folder = mkdtempSync(join(tmpdir(), "larder-local-"));
after(() => rmSync(folder, { recursive: true, force: true }));
/** @param {string} name @param {string} text */
function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("larder check takes what is served", async () => {
  assert.deepEqual(await larder(["check", "larder.json", "--module", MODULE]), {
    code: 0,
    out: "larder.json: 5 resources, no faults.\n",
    err: "",
  });
});

test("larder check says what a deployment needs besides", async () => {
  const path = file(
    "secret.json",
    `{"resources": [{"name": "a", "match": {"path": "/a"}, "key": [], "ttl": "1h", "origin": {"url": "https://a.example/", "headers": {"x": "\${A_KEY}"}}}]}`,
  );
  assert.deepEqual(await larder(["check", path, "--module", MODULE]), {
    code: 0,
    out: `${path}: 1 resource, no faults. A deployment needs the secrets A_KEY.\n`,
    err: "",
  });
});

test("larder check names every fault where it stands, in the order of the file", async () => {
  const path = file(
    "faults.json",
    `{
  "resources": [
    {"name": "A b", "match": {"path": "/health"}, "ttl": "1x",
     "origin": {"url": "https://a.example/"},
     "é": 1, "ttll": "1h"}
  ]
}
`,
  );
  const { code, out, err } = await larder(["check", path, "--module", MODULE]);
  assert.deepEqual([code, err], [1, ""]);
  const places = out
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(path, "FILE").split(": ").slice(0, 2).join(" "));
  assert.deepEqual(places, [
    "FILE:3:5 resources[0].key",
    "FILE:3:6 resources[0].name",
    "FILE:3:31 resources[0].match.path",
    "FILE:3:51 resources[0].ttl",
    "FILE:5:6 resources[0].é",
    "FILE:5:14 resources[0].ttll",
  ]);
  assert.match(out, /:5:14: resources\[0\]\.ttll: There is no member "ttll" here; .* Did you mean "ttl"\?\n/);
  const json = JSON.parse((await larder(["check", path, "--module", MODULE, "--json"])).out);
  assert.deepEqual(
    [json.faults.length, json.faults[2].line, json.faults[2].column, json.faults[2].path],
    [6, 3, 31, "resources[0].match.path"],
  );
});

test("larder check finds where a file is no JSON", async () => {
  const path = file("broken.json", '{"resources":\n  [,]}');
  assert.deepEqual(await larder(["check", path, "--module", MODULE]), {
    code: 1,
    out: `${path}:2:4: a value should be here.\n`,
    err: "",
  });
});

test("larder check says what cannot work, or will surprise, in wrangler.toml and the bucket's rules", async () => {
  const own = readFileSync("wrangler.toml", "utf8");
  const check = (/** @type {string} */ toml, /** @type {string[]} */ ...more) =>
    larder([
      "check",
      "larder.json",
      "--module",
      MODULE,
      "--deployment",
      file("wrangler.toml", toml),
      ...more,
    ]);
  const said = async (/** @type {string} */ toml, /** @type {string[]} */ ...more) => {
    const { code, out } = await check(toml, "--json", ...more);
    return {
      code,
      names: JSON.parse(out).advice.map((/** @type {any} */ one) => `${one.level} ${one.name}`),
    };
  };
  /** @param {string} from @param {string} [to] */
  const changed = (from, to = "") => {
    assert.ok(own.includes(from), from);
    return own.replace(from, to);
  };
  const usual = await said(own);
  assert.deepEqual(
    usual.names.filter((/** @type {string} */ name) => name.startsWith("fault")),
    [],
  );
  assert.equal(usual.code, 0);
  const news = async (/** @type {string} */ toml, /** @type {string[]} */ ...more) =>
    (await said(toml, ...more)).names.filter((/** @type {string} */ name) => !usual.names.includes(name));
  assert.deepEqual(await news(changed('"*/5 * * * *", ')), ["fault triggers_missing"]);
  assert.deepEqual(await news(changed('binding = "CACHE"', 'binding = "CASH"')), ["fault entries_unkept"]);
  assert.deepEqual(await news(changed('"Ledger", ')), ["fault classes_not_migrated"]);
  assert.deepEqual(await news(changed('name = "LEDGER"', 'name = "BOOK"')), ["fault objects_unbound"]);
  assert.deepEqual(
    await news(
      changed(
        '[[queues.consumers]]\nqueue = "author-warming-queue"',
        '[[queues.consumers]]\nqueue = "other"',
      ),
    ),
    ["fault queues_unconsumed"],
  );
  assert.deepEqual(
    await news(changed('dead_letter_queue = "author-warming-dlq"', 'dead_letter_queue = "nobodys"')),
    ["warning letters_unconsumed"],
  );
  assert.deepEqual(await news(own.replaceAll('dead_letter_queue = "author-warming-dlq"\n', "")), [
    ...(usual.names.includes("warning queues_without_letters") ? [] : ["warning queues_without_letters"]),
  ]);
  assert.deepEqual(await news(`${own}\n[cache]\nenabled = true\n`), ["note deployments_start_cold"]);

  const day = 86_400;
  const rule = (/** @type {number} */ removed) => ({
    rules: [
      {
        id: "old",
        enabled: true,
        conditions: { prefix: "" },
        storageClassTransitions: [
          { condition: { type: "Age", maxAge: 30 * day }, storageClass: "InfrequentAccess" },
        ],
        deleteObjectsTransition: { condition: { type: "Age", maxAge: removed * day } },
        abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 7 * day } },
      },
    ],
  });
  const lifecycle = (/** @type {unknown} */ rules) => [
    "--lifecycle",
    file("rules.json", JSON.stringify(rules)),
  ];
  assert.deepEqual(await news(own, ...lifecycle(rule(60))), []);
  assert.deepEqual(await news(own, ...lifecycle(rule(59))), ["warning archived_for_too_short"]);
  assert.deepEqual(await news(own, ...lifecycle({ rules: [] })), ["warning uploads_not_aborted"]);

  const { code, out } = await check(changed('"*/5 * * * *", '));
  assert.equal(code, 1);
  assert.match(out, /^larder\.json: 5 resources, no faults\.\n/);
  assert.match(
    out,
    /wrangler\.toml: fault: The trigger "\*\/5 \* \* \* \*" \(.+\) is missing\. Add it to crons/,
  );
  const broken = await check("[[");
  assert.equal(broken.code, 1);
  assert.match(broken.err, /wrangler\.toml is no TOML/);
});

test("larder check says which file it lacks", async () => {
  const missing = await larder(["check", join(folder, "no.json"), "--module", MODULE]);
  assert.deepEqual(
    [missing.code, missing.err],
    [1, `larder: ${join(folder, "no.json")} cannot be read: there is no such file.\n`],
  );
  const path = file("no.wasm", "text");
  const broken = await larder(["check", "larder.json", "--module", path]);
  assert.equal(broken.code, 1);
  assert.match(broken.err, /no\.wasm does not serve here \(.*\); npm run build makes it anew\.\n$/);
});

/** @type {import("../../scripts/cli/doctor.js").Machine} */
const sound = {
  node: "22.12.0",
  told: (command) =>
    ({ npm: "10.9.0", "wasm-opt": "wasm-opt version 108" })[command] ?? `${command} version 19.1.7`,
  has: () => true,
  read: (path) => {
    if (path.endsWith(".dev.vars")) return `ADMIN_JWT_SECRET="${"s".repeat(32)}"\n`;
    if (path.endsWith("wrangler/package.json")) return '{"version": "4.0.1"}';
    return '{"engines": {"node": ">=22.12"}, "devDependencies": {"wrangler": "4.0.1"}}';
  },
  mode: () => 0o600,
  bytesFree: () => 5 * 1024 ** 3,
  isFree: async () => true,
};

/** @param {Partial<import("../../scripts/cli/doctor.js").Machine>} change */
async function doctor(change, words = ["doctor"]) {
  let out = "";
  const output = { write: (/** @type {string} */ text) => (out += text) };
  const code = await runLarder(words, { root: "/p", env: {}, output, machine: { ...sound, ...change } });
  return { code, out };
}

test("larder doctor finds nothing wrong with a machine that has all", async () => {
  assert.deepEqual(await doctor({}), {
    code: 0,
    out:
      "check           state  found         what to do\n" +
      "Node            ok     22.12.0\n" +
      "npm             ok     10.9.0\n" +
      "wrangler        ok     4.0.1\n" +
      "CMake           ok     19.1.7\n" +
      "Ninja           ok     19.1.7\n" +
      "clang for Wasm  ok     19.1.7\n" +
      "wasm-ld         ok     19.1.7\n" +
      "wasm-opt        ok     108\n" +
      "Emscripten      ok     19.1.7\n" +
      ".dev.vars       ok     has a secret\n" +
      "port 8787       ok     free\n" +
      "port 8788       ok     free\n" +
      "disk            ok     5.0 GiB free\n" +
      "module          ok     built\n" +
      "This machine can serve Larder.\n",
  });
});

for (const [what, change, code, line] of /** @type {[string, object, number, RegExp][]} */ ([
  ["an old Node", { node: "20.19.4" }, 1, /^Node +fault +20\.19\.4 +install Node 22\.12 or newer/m],
  ["a newer Node", { node: "24.0.0" }, 0, /^Node +ok +24\.0\.0$/m],
  ["no tools", { told: () => null }, 1, /^CMake +fault +none +npm run setup installs it \(cmake\)$/m],
  [
    "an old CMake",
    { told: () => "cmake version 3.16.3" },
    1,
    /^CMake +fault +3\.16\.3 +3\.25 or newer is needed$/m,
  ],
  [
    "no files",
    { has: () => false },
    1,
    /^\.dev\.vars +fault +none +npm run setup makes it with a fresh secret$/m,
  ],
  ["no wrangler", { has: () => false }, 1, /^wrangler +fault +none +4\.0\.1 is wanted: npm ci installs it$/m],
  [
    "a secret for all to read",
    { mode: () => 0o644 },
    0,
    /^\.dev\.vars +warning +mode 644 +.*chmod 600 \.dev\.vars$/m,
  ],
  [
    "ports in use",
    { isFree: async () => false },
    0,
    /^port 8787 +warning +in use +the Worker listens there; set PORT /m,
  ],
  [
    "a full disk",
    { bytesFree: () => 1024 ** 2 },
    0,
    /^disk +warning +1\.0 MiB free +builds take up to 3\.0 GiB; make room$/m,
  ],
])) {
  test(`larder doctor says what to do about ${what}`, async () => {
    const found = await doctor(change);
    assert.equal(found.code, code);
    assert.match(found.out, line);
  });
}

test("larder doctor looks for a secret that is long enough, and shows none", async () => {
  const read = (/** @type {string} */ path) =>
    path.endsWith(".dev.vars") ? 'ADMIN_JWT_SECRET="short"\n' : sound.read(path);
  const { code, out } = await doctor({ read }, ["doctor", "--json"]);
  assert.equal(code, 1);
  assert.deepEqual(
    JSON.parse(out)
      .findings.filter((/** @type {any} */ one) => one.state === "fault")
      .map((/** @type {any} */ one) => one.name),
    [".dev.vars"],
  );
  assert.doesNotMatch(out, /short"/);
});

test("larder token signs for the secret of a file", async () => {
  const secrets = file("secrets", 'ADMIN_JWT_SECRET="a secret of the test"\n');
  const { code, out, err } = await larder([
    "token",
    "--role",
    "viewer",
    "--sub",
    "ann",
    "--expires",
    "2h",
    "--secrets",
    secrets,
  ]);
  assert.deepEqual([code, err], [0, ""]);
  const [header = "", claims = "", signature] = out.trimEnd().split(".");
  const issued = NOW / 1000;
  assert.deepEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), {
    sub: "ann",
    role: "viewer",
    iat: issued,
    exp: issued + 7200,
  });
  assert.equal(
    signature,
    createHmac("sha256", "a secret of the test").update(`${header}.${claims}`).digest("base64url"),
  );
  const refused = await larder(["token", "--expires", "1w", "--secrets", secrets]);
  assert.deepEqual(
    [refused.code, refused.err],
    [2, 'larder: --expires is a time such as 30m, 1h or 7d, at most 365d, not "1w".\n'],
  );
});

/** What bash offers for a command line. @param {string[]} words the last one is being typed */
async function offered(...words) {
  const { out } = await larder(["completion", "bash"]);
  const line = words.map((word) => `'${word}'`).join(" ");
  const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _larder; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.trim().split("\n");
}

test("bash completes commands, options and their words", async () => {
  assert.deepEqual(await offered("larder", ""), [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0]))]);
  assert.deepEqual(await offered("larder", "set"), ["settings"]);
  assert.deepEqual(await offered("larder", "settings", ""), ["list", "set", "unset"]);
  assert.deepEqual(await offered("larder", "purge", "--p"), ["--prefix", "--pattern"]);
  assert.deepEqual(await offered("larder", "purge", "a-key", "--so"), ["--soft"]);
  assert.deepEqual(await offered("larder", "deploy", "--env", "s"), ["staging"]);
  assert.deepEqual(await offered("larder", "warm", "--depth", ""), ["1", "2", "3"]);
});

test("there is completion for zsh too, and for no other shell", async () => {
  const { code, out } = await larder(["completion", "zsh"]);
  assert.equal(code, 0);
  assert.match(out, /^#compdef larder\n/);
  assert.match(out, /^ {4}"alerts"\) offered="list silence test" ;;$/m);
  const fish = await larder(["completion", "fish"]);
  assert.deepEqual(
    [fish.code, fish.err],
    [2, 'larder: There is completion for bash and zsh, not for "fish".\n'],
  );
});

/** Command lines of the guides: [page, words]. */
const written = readdirSync("docs")
  .filter((page) => page.endsWith(".md"))
  .flatMap((page) =>
    [
      ...readFileSync(`docs/${page}`, "utf8").matchAll(
        /^[ $]+(?:npx )?larder ([^#|\n]+?)(?: {2,}#.*| \|.*)?$/gm,
      ),
    ].map(([, line = ""]) => /** @type {[string, string[]]} */ ([page, line.split(" ")])),
  );

test("the commands that guides show are there, with their options", () => {
  assert.ok(written.length > 10);
  const wrong = written.filter(([, words]) => {
    const command = COMMANDS.find(({ name }) => `${words.join(" ")} `.startsWith(`${name} `));
    if (command === undefined) return true;
    const known = optionsOf(command).map(flagOf);
    return !words.filter((word) => word.startsWith("--")).every((word) => known.includes(word));
  });
  assert.deepEqual(wrong, []);
});
