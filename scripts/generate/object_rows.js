// The classes of Durable Objects: the rows of src/records/objects.def.

import { rows } from "./tables.js";

export const TABLE = "records/objects.def";

/** Those with a state machine in the core. */
export const objectRows = () =>
  rows(TABLE, "LARDER_OBJECT", ["object", "number", "name", "binding", "kept", "names", "migration"]);

/** All classes that the Worker exports: those of the shim alone among them. */
export const classRows = () => [
  ...objectRows().map(({ name, binding, migration }) => ({ name, binding, migration })),
  ...rows(TABLE, "LARDER_SHIM_OBJECT", ["name", "binding", "migration"]),
];
