// Many keys of KV at once.
import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { handlers } from "../../shim/operations/index.js";

test("many keys of KV are read at once", async () => {
  await env.CACHE.put("many:a", "1", { metadata: "h" });
  await env.CACHE.put("many:b", "2");
  const flight = /** @type {any} */ ({ env });
  const read = await handlers.kv_get_many(flight, { keys: ["many:a", "many:b", "many:c"] });
  expect(read).toEqual({ headers: ["h", "", ""], contents: ["1", "", ""] });
});
