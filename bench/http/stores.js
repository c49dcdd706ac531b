// Stands in for KV and for the data centre's cache in `workerd serve`: both are always empty and take every write. The
// measured hits come from memory and never get here.

export default {
  /** @param {Request} request */
  async fetch(request) {
    await request.arrayBuffer();
    if (request.method !== "GET") return new Response(null, { status: 204 });
    // What the Cache API takes for a miss is a 504, KV a 404.
    return request.headers.get("cache-control")?.includes("only-if-cached")
      ? new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } })
      : new Response(null, { status: 404 });
  },
};
