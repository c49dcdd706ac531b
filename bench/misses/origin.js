// An origin that answers at once, with what the catalogue has said once: one reply for every title, with that title in it
// (what answers another question is kept for a short time only), and one for titles that it is to know nothing of.

import { createServer } from "node:http";
import { createCatalogue } from "../../catalogue/server.js";
import { HOST } from "../../scripts/listening.js";

const KNOWN = "foundation";
/** As the reply has it. */
const TITLE = '"Foundation"';
/** How a title begins that this origin knows nothing of. */
export const UNKNOWN = "no-such-book";

/** An API whose answers may be kept, and differ by language. */
const PAGES = "/page/";
const PAGE_FIELDS = { "cache-control": "max-age=86400", vary: "accept-language", etag: '"page"' };

export class Origin {
  asked = 0;

  /** @param {{known: string, unknown: string}} replies */
  constructor({ known, unknown }) {
    const [begin = "", ...rest] = known.split(TITLE);
    this.server = createServer((request, response) => {
      this.asked += 1;
      const title = new URL(request.url ?? "/", `http://${HOST}`).searchParams.get("title") ?? KNOWN;
      const text = title.startsWith(UNKNOWN) ? unknown : [begin, ...rest].join(JSON.stringify(title));
      const body = Buffer.from(text);
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
      return response.text();
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
