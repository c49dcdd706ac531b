// Completion for bash and zsh, made of the table of commands.

import { WrongUsage } from "./failure.js";

/** @typedef {import("./commands.js").Command} Command */

/** How each shell writes the words between `larder` and the one that is typed. */
const BASH_WORDS = `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`;
const ZSH_WORDS = `"\${(@)words[2,CURRENT-1]}"`;

/** Options that every command that asks a Worker has. */
export const COMMON_OPTIONS = [
  { flags: "--json", purpose: "the whole answer, as lines of JSON" },
  { flags: "--url <url>", purpose: "where Larder is; else LARDER_URL, else http://localhost:8787" },
  {
    flags: "--token <token>",
    purpose: "else LARDER_TOKEN, else one for the secret in .dev.vars where Larder is on this machine",
  },
];

/** @param {Command} command */
export const optionsOf = (command) => [
  ...(command.options ?? []),
  ...COMMON_OPTIONS.filter(({ flags }) => command.route !== null || flags === "--json"),
];

/** The long flag of "--url <url>". @param {{flags: string}} option */
export const flagOf = ({ flags }) => /** @type {string} */ (/--[\w-]+/.exec(flags)?.[0]);

/** What can follow each beginning of a command line: "" is the first word. @param {Command[]} commands */
function wordsAfter(commands) {
  /** @type {Map<string, Set<string>>} */
  const words = new Map();
  const add = (/** @type {string} */ before, /** @type {string} */ word) =>
    words.set(before, (words.get(before) ?? new Set()).add(word));
  for (const command of commands) {
    const parts = command.name.split(" ");
    parts.forEach((part, i) => {
      add(parts.slice(0, i).join(" "), part);
    });
    for (const option of [...optionsOf(command), { flags: "--help" }]) add(command.name, flagOf(option));
  }
  return words;
}

/** The words of an option, by command and flag. @param {Command[]} commands */
const choices = (commands) =>
  commands.flatMap(({ name, options = [] }) =>
    options.flatMap((option) =>
      option.choices === undefined ? [] : [[`${name} ${flagOf(option)}`, option.choices.join(" ")]],
    ),
  );

/** "jobs", "jobs list" and so on. @param {Command[]} commands */
const commandPrefixes = (commands) => [
  ...new Set(
    commands.flatMap(({ name }) => {
      const parts = name.split(" ");
      return parts.map((_, i) => parts.slice(0, i + 1).join(" "));
    }),
  ),
];

/**
 * What sets `offered` from the words before the one that is typed: the same in both shells.
 * @param {Command[]} commands @param {string} before how the shell writes the words between `larder` and that one
 */
const offer = (commands, before) => `  local command="" offered="" word
  for word in ${before}; do
    case "\${command:+$command }$word" in
      ${commandPrefixes(commands)
        .map((prefix) => `"${prefix}"`)
        .join(" | ")}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command" in
${[...wordsAfter(commands)].map(([command, words]) => `    "${command}") offered="${[...words].join(" ")}" ;;`).join("\n")}
  esac
  case "$command $previous" in
${choices(commands)
  .map(([place, words]) => `    "${place}") offered="${words}" ;;`)
  .join("\n")}
  esac`;

/** @param {Command[]} commands */
const bash = (commands) => `# Completion of larder in bash: source <(larder completion bash)
_larder() {
  local previous=\${COMP_WORDS[COMP_CWORD - 1]}
${offer(commands, BASH_WORDS)}
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _larder larder
`;

/** @param {Command[]} commands */
const zsh = (commands) => `#compdef larder
# Completion of larder in zsh: source <(larder completion zsh)
_larder() {
  local previous=\${words[CURRENT - 1]}
${offer(commands, ZSH_WORDS)}
  compadd -- \${=offered} || _files
}
compdef _larder larder
`;

/** @param {string} shell @param {Command[]} commands @returns {string} */
export function completion(shell, commands) {
  if (shell === "bash") return bash(commands);
  if (shell === "zsh") return zsh(commands);
  throw new WrongUsage(`There is completion for bash and zsh, not for "${shell}".`);
}
