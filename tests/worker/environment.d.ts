// The bindings that the tests reach by themselves: wrangler.toml's, and what vitest.config.js adds.
declare namespace Cloudflare {
  interface Env {
    CACHE: KVNamespace;
    LOCK: DurableObjectNamespace<import("../../shim/lock.js").Lock>;
    CONTROL: DurableObjectNamespace<import("../../shim/control.js").ControlLog>;
    SPENDING: DurableObjectNamespace<import("../../shim/objects/spending.js").Spending>;
    PUBLIC_LIMIT: RateLimit;
    TEST_TOOLCHAIN: string;
  }
}
