// The Worker of this isolate: the module, the declarations and the instance that serves.

import declarations from "../build/config/larder.json.txt";
import pages from "../build/config/pages.json.txt";
import module from "../build/module/larder.wasm";
import { pageServer } from "./pages.js";
import { LarderWorker } from "./worker.js";

const pageFor = pageServer(() => JSON.parse(pages));

export const worker = new LarderWorker(module, { declarations, pageFor });
