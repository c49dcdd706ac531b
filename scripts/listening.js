// Ports of this machine.

import { createServer } from "node:net";

export const HOST = "127.0.0.1";

/**
 * Claims a port and gives it back. The port that it returns was free a moment ago, which is all that can be known.
 * @param {number} port 0 for any that is free
 * @returns {Promise<number>} rejects when the port is taken
 */
export function freePort(port) {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      const { port: claimed } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(claimed));
    });
  });
}
