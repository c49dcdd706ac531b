// The classes that wrangler.toml names: those of src/records/objects.def, and the two that the shim writes by hand.

export * from "../generated/object_classes.js";
export { Lock } from "./lock.js";
export { RedisLink } from "./redis_link.js";
