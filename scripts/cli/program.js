// The program that the table of commands makes, and how it ends.

import { createInterface } from "node:readline/promises";
import { Argument, Command, CommanderError, Option } from "commander";
import { COMMANDS } from "./commands.js";
import { COMMON_OPTIONS } from "./completion.js";
import { thisMachine } from "./doctor.js";
import { ask, openDoor } from "./door.js";
import { EXIT, Failure, WrongUsage } from "./failure.js";
import { inTerminal } from "./init.js";
import { jsonLine, shownLines, tableText } from "./text.js";
import { root } from "./token.js";

/** @typedef {import("./commands.js").Command} Row */
/** @typedef {import("./commands.js").Context} Context */

/** What groups of commands are about. */
const GROUPS = /** @type {Record<string, string>} */ ({
  jobs: "Warming jobs",
  letters: "Dead letters of warming",
  settings: "Settings at run time",
  narrative: "Narratives",
  alerts: "Alerts",
  experiments: "Experiments and roll-outs",
});

const POLL_MILLIS = 1000;

/** @param {string} question */
async function asking(question) {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/** @param {string} text @param {string[]} [former] */
const collected = (text, former = []) => [...former, text];

/** @param {import("./commands.js").Option} option */
function optionOf({ flags, purpose, choices, otherwise, many }) {
  const option = new Option(flags, many ? `${purpose}; may be given again` : purpose);
  if (choices !== undefined) option.choices(choices);
  if (otherwise !== undefined) option.default(otherwise);
  if (many) option.argParser(collected);
  return option;
}

/** @param {Row} row */
function pathOf({ route }, /** @type {Record<string, string>} */ parameters) {
  const [method = "", path = ""] = (route ?? "").split(" ");
  return {
    method,
    path: path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parameters[name] ?? "")),
  };
}

/**
 * Asks once, or page by page until there are as many rows as are wanted.
 * @param {Row} row @param {any} asked @param {any} options @param {Context} context @returns {Promise<any>}
 */
async function answerOf(row, asked, options, context) {
  const { parameters = {}, query = {}, json } = asked;
  const question = { ...pathOf(row, parameters), query, json, role: row.role };
  const pages = row.view?.pages;
  if (pages === undefined) return await ask(context.door(), question);
  const member = /** @type {string} */ (row.view?.rows);
  const limit = limitOf(options.limit);
  const door = context.door();
  /** @type {unknown[]} */
  const rows = [];
  let cursor = options.cursor;
  for (;;) {
    const size =
      pages.size === undefined
        ? {}
        : { [pages.size[0]]: String(Math.min(limit - rows.length, pages.size[1])) };
    const page = await ask(door, { ...question, query: { ...query, ...size, cursor } });
    rows.push(...page[member]);
    // No page is 0 or null.
    cursor = page[pages.cursor] ? String(page[pages.cursor]) : undefined;
    if (cursor === undefined || rows.length >= limit) {
      return { ...page, [member]: rows, [pages.cursor]: cursor ?? null };
    }
  }
}

/** @param {string} text */
function limitOf(text) {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new WrongUsage(`--limit is a whole number from 1 on, not "${text}".`);
  return Number(text);
}

/** @param {import("./commands.js").View} view @param {any} answer @returns {string} */
function viewText({ rows, columns, empty, after, pages }, answer) {
  const found = typeof rows === "string" ? answer[rows] : rows(answer);
  const table =
    found.length === 0
      ? `${empty}\n`
      : tableText(
          columns.map(([title]) => title),
          found.map((/** @type {any} */ row) => columns.map(([, value]) => value(row))),
        );
  const cursor = pages && answer[pages.cursor];
  return table + shownLines(after?.(answer) ?? "") + (cursor ? `There are more: --cursor ${cursor}\n` : "");
}

/** @param {Row} row @param {any[]} args @param {any} options @param {Context} context @returns {Promise<number>} */
async function perform(row, args, options, context) {
  if (row.run !== undefined) return await row.run(args, options, context);
  const asked = row.ask?.(args, options, context) ?? {};
  const answer = await answerOf(row, asked, options, context);
  const view = /** @type {import("./commands.js").View} */ (row.view);
  let text;
  try {
    text = context.json ? jsonLine(answer) : viewText(view, answer);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Failure(
      "The answer is not one that this version of larder understands; --json shows it as it is.",
    );
  }
  context.output.write(text);
  return (row.succeeded?.(answer) ?? true) ? EXIT.done : EXIT.failed;
}

/**
 * @param {Omit<Context, "door" | "json">} world
 * @param {(code: number) => void} end
 */
function programOf(world, end) {
  const streams = {
    writeOut: (/** @type {string} */ text) => world.output.write(text),
    writeErr: (/** @type {string} */ text) => world.errors.write(text),
    getOutHelpWidth: () => 100,
    getErrHelpWidth: () => 100,
  };
  const adorned = (/** @type {Command} */ command) => command.exitOverride().configureOutput(streams);
  const program = adorned(new Command("larder"))
    .description("What people do with Larder from a terminal.")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 wrong usage. `larder COMMAND --help` shows a command's options and examples.",
    );
  /** @type {Map<string, Command>} */
  const groups = new Map();
  for (const row of COMMANDS) {
    const words = row.name.split(" ");
    const last = /** @type {string} */ (words.at(-1));
    let parent = program;
    const [group] = words;
    if (words.length > 1 && group !== undefined) {
      parent = groups.get(group) ?? adorned(program.command(group)).description(GROUPS[group] ?? "");
      groups.set(group, parent);
    }
    const command = adorned(parent.command(last)).description(row.purpose);
    for (const [name, purpose] of row.arguments ?? []) command.addArgument(new Argument(name, purpose));
    for (const option of row.options ?? []) command.addOption(optionOf(option));
    for (const { flags, purpose } of COMMON_OPTIONS) {
      if (row.route !== null || flags === "--json") command.option(flags, purpose);
    }
    const about = [
      row.role === null ? "" : `\nIt asks ${row.route}, with a token of the role ${row.role}.`,
      row.examples === undefined ? "" : `\nExamples:\n${row.examples.map((line) => `  ${line}`).join("\n")}`,
    ];
    command.addHelpText("after", about.filter((text) => text !== "").join("\n"));
    command.action(async (...given) => {
      const args = given.slice(0, -2);
      const options = given.at(-2);
      const context = {
        ...world,
        json: options.json === true,
        door: () => openDoor(options, world.env),
      };
      end(await perform(row, args, options, context));
    });
  }
  return program;
}

/**
 * @param {string[]} words what is typed after `larder`
 * @param {Partial<Omit<Context, "door" | "json">>} [world]
 * @returns {Promise<number>} the exit code
 */
export async function runLarder(words, world = {}) {
  const whole = {
    output: process.stdout,
    errors: process.stderr,
    env: process.env,
    pollMillis: POLL_MILLIS,
    now: Date.now,
    root,
    confirm: process.stdin.isTTY ? asking : null,
    question: process.stdin.isTTY ? inTerminal : null,
    machine: thisMachine,
    ...world,
  };
  /** @type {number} */
  let code = EXIT.done;
  try {
    const program = programOf(whole, (ended) => {
      code = ended;
    });
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    if (!(error instanceof Failure || error instanceof WrongUsage)) throw error;
    whole.errors.write(`larder: ${error.message}\n`);
    return error instanceof WrongUsage ? EXIT.wrongUsage : EXIT.failed;
  }
}
