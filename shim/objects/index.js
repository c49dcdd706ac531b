// The classes that wrangler.toml names: rows of src/records/objects.def.

import { OBJECTS } from "../generated/objects.js";
import { CoreObject } from "./core.js";

export class Buckets extends CoreObject {
  /** @override */
  static row = OBJECTS.Buckets;
}
export class Spending extends CoreObject {
  /** @override */
  static row = OBJECTS.Spending;
}
