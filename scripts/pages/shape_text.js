// Shapes of JSON as src/operators/routes.def writes them, and what they stand for (shapes.js):
//
//   {jobs: [Job], next: count, cursor?: text 'a12', at: time | null}
//
// A word is text, number, count, flag, time, or the name of a schema that has an example (EXAMPLES). `?` after a member's name:
// it may be absent. What stands in quotes after a word is its value in the example.

import { at, count, EXAMPLES, flag, list, named, number, object, orNull, text, time } from "./shapes.js";

/** @typedef {import("./shapes.js").Schema} Schema */
/** @typedef {{schema: Schema, example: unknown}} Read */

const TOKEN = /'[^']*'|\w+|[^\s\w]/g;
/** @type {Record<string, Read>} */
const WORDS = {
  text: { schema: text, example: "…" },
  number: { schema: number, example: 0.5 },
  count: { schema: count, example: 1 },
  flag: { schema: flag, example: true },
  time: { schema: time, example: at },
  ...Object.fromEntries(
    Object.entries(EXAMPLES).map(([name, example]) => [name, { schema: named(name), example }]),
  ),
};

class ShapeReader {
  /** @param {string} source */
  constructor(source) {
    this.source = source;
    /** @type {string[]} */
    this.tokens = source.match(TOKEN) ?? [];
  }

  /** @param {string} token */
  has(token) {
    if (this.tokens[0] !== token) return false;
    this.tokens.shift();
    return true;
  }

  /** @param {string} token */
  expect(token) {
    if (!this.has(token)) this.fail(`"${token}"`);
  }

  /** @param {string} wanted @returns {never} */
  fail(wanted) {
    throw new Error(`The shape ${this.source} has "${this.tokens[0] ?? ""}" where ${wanted} belongs.`);
  }

  /** @returns {Read} */
  shape() {
    const read = this.has("{") ? this.object() : this.has("[") ? this.list() : this.word();
    if (!this.has("|")) return read;
    this.expect("null");
    return { ...read, schema: orNull(read.schema) };
  }

  /** @returns {Read} */
  object() {
    /** @type {[Record<string, Schema>, Record<string, Schema>]} */
    const [members, some] = [{}, {}];
    /** @type {Record<string, unknown>} */
    const example = {};
    while (!this.has("}")) {
      const [name = ""] = this.tokens;
      if (!/^\w+$/.test(name)) this.fail("a member's name");
      this.tokens.shift();
      const kind = this.has("?") ? some : members;
      this.expect(":");
      const read = this.shape();
      kind[name] = read.schema;
      example[name] = read.example;
      if (this.tokens[0] !== "}") this.expect(",");
    }
    return { schema: object(members, some), example };
  }

  /** @returns {Read} */
  list() {
    const { schema, example } = this.shape();
    this.expect("]");
    return { schema: list(schema), example: [example] };
  }

  /** @returns {Read} */
  word() {
    const word = this.tokens[0] ?? "";
    const read = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (read === undefined) return this.fail("a word");
    this.tokens.shift();
    if (!this.tokens[0]?.startsWith("'")) return read;
    const given = this.tokens.shift()?.slice(1, -1) ?? "";
    return { ...read, example: read.schema.type === "string" ? given : JSON.parse(given) };
  }
}

/** @param {string} source @returns {Read} */
export function shapeOf(source) {
  const reader = new ShapeReader(source);
  const read = reader.shape();
  if (reader.tokens.length > 0) reader.fail("the end");
  return read;
}
