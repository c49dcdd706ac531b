// The bindings that the tests reach by themselves: wrangler.toml's, and what vitest.config.js adds.
declare namespace Cloudflare {
  interface Env {
    CACHE: KVNamespace;
    LIBRARY_DATA: R2Bucket;
    LOCK: DurableObjectNamespace<import("../../shim/objects/lock.js").Lock>;
    CONTROL: DurableObjectNamespace<import("../../shim/objects/index.js").ControlLog>;
    BUCKETS: DurableObjectNamespace<import("../../shim/objects/index.js").Buckets>;
    AUDIT: DurableObjectNamespace<import("../../shim/objects/index.js").Audit>;
    NARRATIVES: DurableObjectNamespace<import("../../shim/objects/index.js").Narratives>;
    WARMING_JOBS: DurableObjectNamespace<import("../../shim/objects/index.js").Jobs>;
    ADMIN_JWT_SECRET: string;
    REDIS_LINK: DurableObjectNamespace<import("../../shim/objects/redis_link.js").RedisLink>;
    SPENDING: DurableObjectNamespace<import("../../shim/objects/index.js").Spending>;
    PUBLIC_LIMIT: RateLimit;
    TEST_TOOLCHAIN: string;
  }
}

declare module "*?raw" {
  const text: string;
  export default text;
}
