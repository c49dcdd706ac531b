/// <reference path="../modules.d.ts" />
// The least that a Worker can do: the same bytes and header fields, always.

import body from "./body.bin";
import fields from "./fields.json";

export default {
  fetch: () => new Response(body, { headers: fields }),
};
