// The classes that wrangler.toml names: rows of src/records/objects.def, and the one that keeps no state.

import { OBJECTS } from "../generated/objects.js";
import { CoreObject } from "./core.js";

export { Lock } from "./lock.js";
export { RedisLink } from "./redis_link.js";

export class Archive extends CoreObject {
  /** @override */
  static row = OBJECTS.Archive;
}
export class Audit extends CoreObject {
  /** @override */
  static row = OBJECTS.Audit;
}
export class Buckets extends CoreObject {
  /** @override */
  static row = OBJECTS.Buckets;
}
export class ControlLog extends CoreObject {
  /** @override */
  static row = OBJECTS.ControlLog;
}
export class Experiments extends CoreObject {
  /** @override */
  static row = OBJECTS.Experiments;
}
export class Jobs extends CoreObject {
  /** @override */
  static row = OBJECTS.Jobs;
}
export class Ledger extends CoreObject {
  /** @override */
  static row = OBJECTS.Ledger;
}
export class Narratives extends CoreObject {
  /** @override */
  static row = OBJECTS.Narratives;
}
export class Spending extends CoreObject {
  /** @override */
  static row = OBJECTS.Spending;
}
