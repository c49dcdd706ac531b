// The bindings that the Worker tests use.
declare namespace Cloudflare {
  interface Env {
    CACHE: KVNamespace;
    LOCK: DurableObjectNamespace<import("../../shim/lock.js").Lock>;
    TEST_TOOLCHAIN: string;
  }
}
