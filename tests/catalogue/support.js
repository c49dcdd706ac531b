// A catalogue on a free port for one test, with the few requests that tests make.

import { createCatalogue } from "../../catalogue/server.js";

/**
 * @param {import("node:test").TestContext} test closes the catalogue when it ends
 * @param {import("../../catalogue/server.js").Options} [options]
 */
export async function startCatalogue(test, options) {
  const catalogue = createCatalogue(options);
  const { url, port } = await catalogue.listen();
  let closed = false;
  async function close() {
    if (closed) return;
    closed = true;
    await catalogue.close();
  }
  test.after(close);

  /** @param {string} path @param {RequestInit} [init] */
  const get = (path, init) => fetch(url + path, { redirect: "manual", ...init });

  return {
    url,
    port,
    get,
    close,
    /** @param {string} path @returns {Promise<any>} the body of a 200 */
    async json(path) {
      const response = await get(path);
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    /** @param {unknown} change */
    set: (change) => get("/_control/settings", { method: "PUT", body: JSON.stringify(change) }),
    /** @returns {Promise<any>} */
    requests: async () => (await get("/_control/requests")).json(),
  };
}

/**
 * A catalogue small enough to know by heart.
 * @returns {import("../../catalogue/generate.js").CatalogueData}
 */
export function smallData() {
  return {
    note: "for tests",
    lastModified: "2026-11-01T00:00:00Z",
    publisher: "Test Press",
    core: {
      authors: [
        { key: "OL1A", name: "Åsa Ödegård" },
        { key: "OL2A", name: "村上春樹", otherNames: ["Haruki Murakami"] },
        { key: "OL3A", name: "Iris Small" },
      ],
      works: [
        {
          key: "OL1W",
          title: "The Winter's Garden",
          subtitle: "A Tale",
          authors: ["OL1A", "OL3A"],
          year: 1990,
          subjects: ["fantasy"],
          cover: 71,
          editions: [
            { key: "OL1M", isbn: ["9789999900003", "9999900003"], year: 1990, language: "swe" },
            { key: "OL2M", isbn: ["9799999900002"], year: 1999, language: "eng" },
          ],
        },
        {
          key: "OL2W",
          title: "Winter Garden",
          authors: ["OL1A"],
          year: 1980,
          subjects: ["poetry"],
          editions: [{ key: "OL3M", isbn: ["9789999900027", "999990002X"], year: 1980, language: "swe" }],
        },
        {
          key: "OL3W",
          title: "海辺の庭",
          authors: ["OL2A"],
          year: 2002,
          subjects: ["fiction"],
          cover: 73,
          editions: [{ key: "OL4M", isbn: ["9789999900034", "9999900038"], year: 2002, language: "jpn" }],
        },
      ],
    },
    generated: {
      authors: [{ key: "OL4A", name: "Made Up" }],
      works: [
        {
          key: "OL4W",
          title: "Garden",
          authors: ["OL4A"],
          year: 2010,
          subjects: ["gardening"],
          editions: [{ key: "OL5M", isbn: ["9789999900041", "9999900046"], year: 2010, language: "eng" }],
        },
      ],
    },
  };
}
