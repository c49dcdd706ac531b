/// <reference path="../modules.d.ts" />
// The least that a Worker can do: the same bytes and header fields, always.

import body from "./body.bin";
import fields from "./fields.json";
import status from "./status.json";

const content = status === 304 ? null : body;

export default {
  fetch: () => new Response(content, { status, headers: fields }),
};
