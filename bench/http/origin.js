/// <reference path="../modules.d.ts" />
// The peer's origin: answers with the bytes that Larder made of the catalogue's reply.

import body from "./body.bin";

export default {
  fetch: () => new Response(body, { headers: { "content-type": "application/json" } }),
};
