// Starts instances one after the other in the runtime, whose clock is too coarse for a single one: it tells the mean.

import { Instance } from "../../shim/instance.js";
import declarations from "./larder.json.txt";
import module from "./larder.wasm";

export default {
  /** @param {Request} request */
  fetch(request) {
    const repetitions = Number(new URL(request.url).searchParams.get("repetitions") ?? 0);
    if (repetitions === 0) return new Response(null, { status: 204 });
    // Every instance tells that it started.
    console.info = () => {};
    const began = Date.now();
    for (let i = 0; i < repetitions; i++) new Instance(module, {}, { declarations, mode: "serve" });
    return Response.json({ meanMillis: (Date.now() - began) / repetitions });
  },
};
