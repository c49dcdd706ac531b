// Reads core.txt, the hand-written part of the catalogue: real authors, titles and years.
//
// A block a paragraph. Its first line is the author: `Name = Other name | language of the titles | subjects`.
// Each other line is a work: `year Title // Subtitle @language + Co-author + Co-author`; all but year and
// title may be absent. A co-authored work stands once, with whichever author comes first; a co-author needs
// no block.

/**
 * @typedef {object} CoreAuthor
 * @property {string} name
 * @property {string[]} otherNames
 * @property {string} language ISO 639-2/B, as Open Library writes it
 * @property {string[]} subjects
 *
 * @typedef {object} CoreWork
 * @property {string} title
 * @property {string | undefined} subtitle
 * @property {number} year of first publication
 * @property {string} language
 * @property {string[]} subjects
 * @property {string[]} authors names, the block's author first
 */

const WORK_PATTERN = /^(\d{3,4}) (.+)$/;

/**
 * @param {string} text
 * @returns {{authors: CoreAuthor[], works: CoreWork[]}} in the order of the file; co-authors follow the
 *   author who introduces them
 * @throws {Error} naming the line that cannot be read
 */
export function parseCore(text) {
  const blocks = text
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#")))
    .filter((lines) => lines.length > 0);
  const headed = blocks.map((lines) => ({ author: parseAuthor(lines[0]), lines: lines.slice(1) }));
  /** @type {Map<string, CoreAuthor>} */
  const blockAuthors = new Map();
  for (const { author } of headed) {
    if (blockAuthors.has(author.name)) throw new Error(`core.txt: two blocks for ${author.name}`);
    blockAuthors.set(author.name, author);
  }

  /** @type {Map<string, CoreAuthor>} */
  const authors = new Map();
  /** @type {CoreWork[]} */
  const works = [];
  for (const { author, lines } of headed) {
    authors.set(author.name, author);
    for (const line of lines) {
      const work = parseWork(line, author);
      works.push(work);
      for (const name of work.authors) {
        if (authors.has(name)) continue;
        authors.set(name, blockAuthors.get(name) ?? { ...author, name, otherNames: [] });
      }
    }
  }
  return { authors: [...authors.values()], works };
}

/**
 * @param {string} line
 * @returns {CoreAuthor}
 */
function parseAuthor(line) {
  const [names, language, subjects] = line.split("|").map((part) => part.trim());
  if (!names || !/^[a-z]{3}$/.test(language ?? "") || !subjects)
    throw new Error(`core.txt: no author: ${line}`);
  const [name, ...otherNames] = names.split(" = ");
  return { name, otherNames, language, subjects: subjects.split(", ") };
}

/**
 * @param {string} line
 * @param {CoreAuthor} author of the block
 * @returns {CoreWork}
 */
function parseWork(line, author) {
  const match = WORK_PATTERN.exec(line);
  if (match === null) throw new Error(`core.txt: no work: ${line}`);
  const [written, ...coAuthors] = match[2].split(" + ");
  const [titles, language = author.language] = written.split(" @");
  const [title, subtitle] = titles.split(" // ");
  return {
    title,
    subtitle,
    year: Number(match[1]),
    language,
    subjects: author.subjects,
    authors: [author.name, ...coAuthors],
  };
}
