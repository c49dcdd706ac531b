// What the stand-in of a model says about the columns of a list of books: it knows a few words in a few languages.
// Pure.

/** The first column that has one of these words for a header holds it. */
const WORDS = {
  title: ["title", "titel", "buchtitel", "titre", "título", "titulo", "titolo", "tytuł", "书名"],
  author: ["author", "autor", "autorin", "verfasser", "auteur", "autrice", "autore", "scrittore", "作者"],
  isbn: ["isbn", "isbn13", "nummer", "ean"],
  rating: ["rating", "wertung", "bewertung", "note", "voto", "sterne", "评分"],
  read_count: ["read count", "gelesen", "lectures", "letture"],
};

/**
 * @param {any} schema
 * @returns {boolean} whether it asks for columns, the one thing that this stand-in can tell by a schema
 */
export function asksForColumns(schema) {
  const item = schema?.properties?.columns?.items;
  return (
    schema?.type === "object" &&
    Array.isArray(item?.properties?.index?.enum) &&
    Array.isArray(item?.properties?.column?.enum)
  );
}

/**
 * @param {string} question {"columns": [{"index", "header"}]} as JSON
 * @param {any} schema one that asksForColumns()
 * @returns {string} JSON that follows the schema
 */
export function columnsOf(question, schema) {
  const { index: indices, column: names } = schema.properties.columns.items.properties;
  const columns = [];
  for (const [column, words] of Object.entries(WORDS)) {
    const found = headersOf(question).find(({ header }) => words.includes(header.trim().toLowerCase()));
    if (found !== undefined && indices.enum.includes(found.index) && names.enum.includes(column))
      columns.push({ index: found.index, column });
  }
  return JSON.stringify({ columns });
}

/** @param {string} question @returns {Array<{index: number, header: string}>} */
function headersOf(question) {
  try {
    const { columns } = JSON.parse(question);
    return Array.isArray(columns) ? columns.filter(({ header }) => typeof header === "string") : [];
  } catch {
    return [];
  }
}
