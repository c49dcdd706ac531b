// Reading a guide: its blocks, the commands in them with what they show, and the commands that its text names.

/**
 * @typedef {{language: string, name: string, text: string, line: number}} Block a fenced block; `name` is the file that it shows
 * @typedef {{command: string, shown: string[], line: number}} Step
 */

const FENCE = /^(\s*)```(\S*)\s*(.*)$/;
/** What a command begins with, behind the variables that are set for it. */
const TOOLS = "npx|npm|node|curl|openssl|redis-cli|promtool|bash|source|larder|wrangler";
const COMMAND = new RegExp(`^(?:[A-Z_]+=\\S+ )*(?:${TOOLS})(?: |$)`);

/** @param {string} page @returns {Block[]} */
export function blocksOf(page) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {Block | undefined} */
  let open;
  let indent = "";
  page.split("\n").forEach((text, at) => {
    const fence = FENCE.exec(text);
    if (fence === null) {
      if (open !== undefined) open.text += `${text.startsWith(indent) ? text.slice(indent.length) : text}\n`;
    } else if (open === undefined) {
      // A block may stand within a list.
      indent = fence[1] ?? "";
      open = { language: fence[2] ?? "", name: fence[3] ?? "", text: "", line: at + 1 };
    } else {
      blocks.push(open);
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`The block of line ${open.line} is not closed.`);
  return blocks;
}

/** Whether the shell would want another line: a quote is open, or the last line goes on. @param {string} command */
const wantsMore = (command) => command.endsWith("\\") || (command.match(/'/g) ?? []).length % 2 === 1;

/** The commands behind `$ `, each with the lines that it is shown to print. @param {string} page @returns {Step[]} */
export function stepsOf(page) {
  /** @type {Step[]} */
  const steps = [];
  for (const block of blocksOf(page)) {
    if (block.language !== "console") continue;
    /** @type {Step | undefined} */
    let step;
    block.text.split("\n").forEach((line, at) => {
      if (step !== undefined && wantsMore(step.command)) {
        step.command += `\n${line}`;
      } else if (line.startsWith("$ ")) {
        step = { command: line.slice(2), shown: [], line: block.line + 1 + at };
        steps.push(step);
      } else if (line !== "") {
        if (step === undefined) throw new Error(`Line ${block.line + 1 + at} shows what no command prints.`);
        step.shown.push(line);
      }
    });
  }
  return steps;
}

/** Without the comment behind it, and with single spaces. @param {string} command */
export const bare = (command) =>
  command
    .replace(/\s+#(?=\s).*$/gm, "")
    .replace(/\s+/g, " ")
    .trim();

/** The lines of the page outside of its blocks. @param {string} page @returns {{text: string, line: number}[]} */
export function proseOf(page) {
  let isInside = false;
  return page.split("\n").flatMap((text, at) => {
    const isFence = FENCE.test(text);
    if (isFence) isInside = !isInside;
    return isFence || isInside ? [] : [{ text, line: at + 1 }];
  });
}

/** Commands within sentences and tables, in backticks. @param {string} page @returns {{command: string, line: number}[]} */
export const namedIn = (page) =>
  proseOf(page).flatMap(({ text, line }) =>
    [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = ""]) =>
      COMMAND.test(code) && code.includes(" ") ? [{ command: bare(code), line }] : [],
    ),
  );

/** Lines that are code by their indentation, behind an empty line. @param {string} page */
export const indentedIn = (page) => {
  const prose = proseOf(page);
  return prose.filter(
    ({ text }, at) => /^ {4,}\S/.test(text) && (at === 0 || prose[at - 1]?.text.trim() === ""),
  );
};
