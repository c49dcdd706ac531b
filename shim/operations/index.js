// Which function does which row of src/host/ops.def: the one of its name. A body among the arguments comes as its content.

export { handlers } from "../generated/handlers.js";
