// The rooms lean on each other as CMakeLists.txt says and no other way, and src knows no platform.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { cppFiles, includesOf } from "../../scripts/files.js";

/** What a room would include to do I/O, or to know where it runs. */
const PLATFORM_HEADERS =
  /^(emscripten|wasi|unistd\.h|sys\/|fcntl\.h|poll\.h|dlfcn\.h|pthread\.h|netinet\/|arpa\/|netdb\.h|node|js_|napi)/;
/** Standard headers of randomness, threads and I/O: all of that comes through the host. */
const HOST_ONLY_HEADERS =
  /^(ctime|time\.h|random|thread|mutex|shared_mutex|condition_variable|future|semaphore|stop_token|iostream|fstream|filesystem|cstdio|stdio\.h)$/;
/** Asked at run time, or for one platform alone. */
const PLATFORM_WORDS =
  /\b(system|steady|high_resolution|utc)_clock\b|\bgetenv\b|__EMSCRIPTEN__|__wasi__|__wasm__|__wasm32__|EM_JS|EM_ASM|import_module|export_name/;
/** The end of the program: natively it says where, a module has no way to. */
const LAST_WORDS = "src/base/assert.cpp";
/** Stands in for <coroutine> where there is none. */
const COROUTINE = "src/host/coroutine.h";
/** Not in libc++ 13, which the Emscripten build has. */
const TOO_NEW_HEADERS =
  /^(coroutine|ranges|format|expected|generator|mdspan|print|source_location|syncstream)$/;

/** @type {Map<string, Set<string>>} room to the rooms it leans on */
const rooms = new Map();
for (const match of readFileSync("CMakeLists.txt", "utf8").matchAll(
  /^larder_room\((\w+)(?: LEANS_ON ([\w ]+?))?(?: LIBRARIES [\w ]+)?\)$/gm,
)) {
  rooms.set(/** @type {string} */ (match[1]), new Set(match[2]?.split(" ") ?? []));
}
const sources = cppFiles(["src"]);

/** @param {string} path */
const roomOf = (path) => path.split("/")[1] ?? "";

/**
 * Every include in src that `isFault` holds against, as "file:line includes name".
 * @param {(name: string, path: string, quoted: boolean) => boolean} isFault
 */
const faults = (isFault) =>
  sources.flatMap((path) =>
    includesOf(path)
      .filter(({ name, quoted }) => isFault(name, path, quoted))
      .map(({ name, line }) => `${path}:${line} includes ${name}`),
  );

test("every folder of src is a room of CMakeLists.txt, and every room a folder", () => {
  const folders = readdirSync("src").sort();
  assert.deepEqual([...rooms.keys()].sort(), folders);
});

test("no room leans on itself, directly or through others", () => {
  for (const [room, leansOn] of rooms) {
    const reached = new Set(leansOn);
    for (const next of reached) for (const further of rooms.get(next) ?? []) reached.add(further);
    assert.ok(!reached.has(room), `${room} leans on itself through ${[...reached].join(", ")}`);
    assert.deepEqual(
      [...reached].filter((name) => !rooms.has(name)),
      [],
      `${room} leans on what is no room`,
    );
  }
});

test("a room includes only itself and the rooms that it leans on", () => {
  const found = faults((name, path) => {
    const [target = ""] = name.split("/");
    return (
      name.includes("/") &&
      rooms.has(target) &&
      target !== roomOf(path) &&
      !rooms.get(roomOf(path))?.has(target)
    );
  });
  assert.deepEqual(found, []);
});

test("docs/architecture.md draws every room above those that it includes", () => {
  const drawing = /never on those above:\n\n```text\n([\s\S]*?)```/.exec(
    readFileSync("docs/architecture.md", "utf8"),
  )?.[1];
  assert.ok(drawing, "there is no drawing");
  /** @type {Map<string, number>} room to its floor, counted from the top */
  const floors = new Map();
  for (const [floor, line] of drawing.trimEnd().split("\n").entries()) {
    // The first columns are rooms, the rest says what they are for.
    for (const name of line.slice(0, 36).trim().split(/ +/)) floors.set(name, floor);
  }
  assert.deepEqual(
    [...rooms.keys()].filter((room) => !floors.has(room)),
    [],
    "rooms that are not drawn",
  );
  const found = faults((name, path) => {
    const [target = ""] = name.split("/");
    return (
      rooms.has(target) &&
      target !== roomOf(path) &&
      (floors.get(target) ?? 0) <= (floors.get(roomOf(path)) ?? 0)
    );
  });
  assert.deepEqual(found, []);
});

test("a quoted include names a file of src by its full path there, or a library's header", () => {
  const found = faults(
    (name, _path, quoted) => quoted && name !== "simdjson.h" && !existsSync(`src/${name}`),
  );
  assert.deepEqual(found, []);
});

test("src includes no header of a platform, of threads or of files", () => {
  assert.deepEqual(
    faults((name) => PLATFORM_HEADERS.test(name)),
    [],
  );
  assert.deepEqual(
    faults((name, path) => HOST_ONLY_HEADERS.test(name) && path !== LAST_WORDS),
    [],
  );
});

test("src includes no header that the older of the two toolchains lacks", () => {
  assert.deepEqual(
    faults((name, path) => TOO_NEW_HEADERS.test(name) && path !== COROUTINE),
    [],
  );
});

test("src asks for no platform, clock or environment by name", () => {
  const asks = sources.filter((path) => PLATFORM_WORDS.test(readFileSync(path, "utf8")));
  assert.deepEqual(
    asks.filter((path) => path !== LAST_WORDS),
    [],
  );
});

test("headers guard themselves with #pragma once", () => {
  const found = sources.filter(
    (path) => path.endsWith(".h") && !/^#pragma once$/m.test(readFileSync(path, "utf8")),
  );
  assert.deepEqual(found, []);
});

test("each file of native tests has a namespace of its own, since several share a translation unit", () => {
  const found = cppFiles(["tests"])
    .filter((path) => path.endsWith("_test.cpp"))
    .filter((path) => {
      const name = path.replace(/^.*\/|\.cpp$/g, "");
      return !new RegExp(`^namespace larder[a-z_:]*::${name} \\{$`, "m").test(readFileSync(path, "utf8"));
    });
  assert.deepEqual(found, []);
});
