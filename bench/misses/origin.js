// An origin that answers at once, with what the catalogue has said once: one reply for every title, and one for titles that
// it is to know nothing of.

import { createServer } from "node:http";
import { createCatalogue } from "../../catalogue/server.js";
import { HOST } from "../../scripts/listening.js";

const KNOWN = "foundation";
/** How a title begins that this origin knows nothing of. */
export const UNKNOWN = "no-such-book";

/** An API whose answers may be kept, and differ by language. */
const PAGES = "/page/";
const PAGE_FIELDS = { "cache-control": "max-age=86400", vary: "accept-language", etag: '"page"' };

export class Origin {
  asked = 0;

  /** @param {{known: Buffer, unknown: Buffer}} replies */
  constructor({ known, unknown }) {
    this.server = createServer((request, response) => {
      this.asked += 1;
      const body = request.url?.includes(`title=${UNKNOWN}`) ? unknown : known;
      const more = request.url?.startsWith(PAGES) ? PAGE_FIELDS : {};
      const fields = { "content-type": "application/json", "content-length": body.length, ...more };
      response.writeHead(200, fields);
      response.end(body);
    });
    // Connections that rest while others have their turn are not closed under whoever keeps them.
    this.server.keepAliveTimeout = 0;
  }

  static async start() {
    const catalogue = createCatalogue();
    const { url } = await catalogue.listen();
    /** @param {string} title */
    const reply = async (title) => {
      const response = await fetch(`${url}/search.json?title=${title}`);
      if (!response.ok) throw new Error(`the catalogue answers ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    };
    try {
      const origin = new Origin({ known: await reply(KNOWN), unknown: await reply(UNKNOWN) });
      await new Promise((resolve) => origin.server.listen(0, HOST, () => resolve(undefined)));
      return origin;
    } finally {
      await catalogue.close();
    }
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    return `http://${HOST}:${port}`;
  }

  /** How many requests reach it while something is done. @template T @param {() => Promise<T>} work @returns {Promise<[T, number]>} */
  async counting(work) {
    const before = this.asked;
    const done = await work();
    return [done, this.asked - before];
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
