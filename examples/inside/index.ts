// A Worker that has Larder inside: its own routes first, Larder's for the rest.

import larder from "larder";
import declarations from "./larder.json";

const cache = larder(declarations);

// Larder's Durable Objects, and its entry point for other Workers (see ../bound).
export * from "larder";

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hello") return new Response("Hello from this Worker.\n");
    return await cache.fetch(request, env, ctx);
  },

  // A queue or a trigger of your own is told apart by its name, before the rest goes to Larder.
  async queue(batch, env, ctx) {
    await cache.queue(batch, env, ctx);
  },
  async scheduled(controller, env, ctx) {
    await cache.scheduled(controller, env, ctx);
  },
} satisfies ExportedHandler;
