// The Worker of this isolate: the module, the declarations and the instance that serves.

import declarations from "../build/config/larder.json.txt";
import module from "../build/module/larder.wasm";
import { pageFor } from "./pages.js";
import { LarderWorker } from "./worker.js";

export const worker = new LarderWorker(module, { declarations, pageFor });
