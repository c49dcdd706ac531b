// Nothing is left lying about: no notes to oneself, no test that is switched off, no path of one machine.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { test } from "node:test";
import { ownFiles } from "../../scripts/files.js";

// Words are written in pieces where this file would otherwise find itself.
const NOTE = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`);
const SWITCHED_OFF = new RegExp(
  [
    `\\bDISABLED${"_"}\\w`,
    `\\bGTEST_${"SKIP"}\\b`,
    "\\b(it|test|describe|suite)\\.(skip|only|todo|fails|skipIf|runIf)\\b",
    "\\b(xit|xtest|xdescribe|fit|fdescribe)\\(",
    "\\b(t|context)\\.(skip|todo)\\(",
    "\\{[^}]*\\b(skip|todo|only): *(true|[\"'])",
  ].join("|"),
);
/** Homes and scratch folders. */
const PLACES = /\/(home|Users|root|tmp|var\/tmp)\/\w/;
/** Where this very tree lies. */
const own = [process.cwd(), dirname(process.cwd()), homedir()].filter((path) => path.split("/").length > 2);
/** Hosts that packages come from: the package managers know their own. */
const REGISTRY = /"resolved"\s*:|\bregistry\.[\w-]+\.\w+|\bpypi\.org\b|\bdeb\.[a-z]+\.org\b|\bcrates\.io\b/;
const BINARY = /\.(png|ico|gz|wasm|woff2)$/;
/** Given inputs, byte for byte. */
const DATA = /^tests\/fuzz\/corpus\//;

const files = ownFiles().filter((path) => !BINARY.test(path) && !DATA.test(path));
const code = files.filter((path) => /\.(cpp|h|def|js|sh|cmake)$|CMakeLists\.txt$/.test(path));

/** @type {Map<string, string>} */
const contents = new Map(files.map((path) => [path, readFileSync(path, "utf8")]));

/**
 * Every line that the pattern is found in, as "file:line text".
 * @param {string[]} paths @param {(line: string) => boolean} isFault
 */
const lines = (paths, isFault) =>
  paths.flatMap((path) =>
    /** @type {string} */ (contents.get(path))
      .split("\n")
      .flatMap((line, index) => (isFault(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 120)}`] : [])),
  );

test("there are files to look at", () => {
  assert.ok(files.includes("CMakeLists.txt") && files.includes("package.json") && code.length > 50);
});

test("no note to oneself is left", () => {
  assert.deepEqual(
    lines(files, (line) => NOTE.test(line)),
    [],
  );
});

test("comments name files that exist", () => {
  // A path with a folder in it, as includes or as the tree has it.
  const named = /(?:^|[^\w./<{-])((?:[a-z_]+\/)+[a-z_]+\.(?:cpp|h|def|js))\b/g;
  const exists = (/** @type {string} */ path) =>
    files.some((file) => file === path || file.endsWith(`/${path}`));
  const gone = code.flatMap((path) =>
    /** @type {string} */ (contents.get(path))
      .split("\n")
      .flatMap((line, index) =>
        [...(/(?:\/\/|^ *\*|^#) (.*)$/.exec(line)?.[1] ?? "").matchAll(named)]
          .filter(([, name = ""]) => !exists(name))
          .map(([, name]) => `${path}:${index + 1} ${name}`),
      ),
  );
  assert.deepEqual(gone, []);
});

test("no test is switched off", () => {
  assert.deepEqual(
    lines(code, (line) => SWITCHED_OFF.test(line)),
    [],
  );
});

test("code is UTF-8 without tabs, carriage returns, or space at the end of a line", () => {
  const broken = files.filter((path) => {
    const bytes = readFileSync(path);
    return !bytes.equals(Buffer.from(bytes.toString("utf8")));
  });
  assert.deepEqual(broken, []);
  assert.deepEqual(
    lines(code, (line) => /\t|\r|[ \t]$/.test(line)),
    [],
  );
});

test("every file of code ends with one line feed", () => {
  const found = code.filter((path) => !/[^\n]\n$/.test(/** @type {string} */ (contents.get(path))));
  assert.deepEqual(found, []);
});

test("no path of one machine is named", () => {
  // ".dev.vars" and build products are not looked at; a shebang or a Debian package's place is the same everywhere.
  assert.deepEqual(
    lines(files, (line) => PLACES.test(line)),
    [],
  );
  assert.deepEqual(
    lines(files, (line) => own.some((path) => line.includes(`${path}/`))),
    [],
  );
});

test("no registry that packages come from is named", () => {
  assert.deepEqual(
    lines(files, (line) => REGISTRY.test(line)),
    [],
  );
});
