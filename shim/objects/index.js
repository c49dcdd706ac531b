// The classes that wrangler.toml names: those of src/records/objects.def, and the two that keep nothing.

export * from "../generated/object_classes.js";
export { Lock } from "./lock.js";
export { RedisLink } from "./redis_link.js";
