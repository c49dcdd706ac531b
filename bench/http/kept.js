/// <reference path="../modules.d.ts" />
// Keeps as many answers as it is asked to, each as the shim keeps one: the bytes, and a `Headers` object.

import body from "./body.bin";
import fields from "./fields.json";

/** @type {{body: ArrayBuffer, init: ResponseInit}[]} */
const kept = [];

export default {
  /** @param {Request} request */
  fetch(request) {
    const more = Number(new URL(request.url).searchParams.get("more"));
    for (let i = 0; i < more; i++) {
      kept.push({ body: body.slice(0), init: { status: 200, headers: new Headers(fields) } });
    }
    return new Response(String(kept.length));
  },
};
