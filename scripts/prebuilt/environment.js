// Imported first by the commands of a released archive: they work in its folder, with a wrangler that lies there or on the
// PATH, which neither reports home nor nags (scripts/environment.sh does the same in the tree).

import { delimiter, join } from "node:path";
import { root } from "../cli/token.js";

process.chdir(root);
process.env.PATH = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH ?? ""}`;
process.env.WRANGLER_SEND_METRICS = "false";
process.env.WRANGLER_SEND_ERROR_REPORTS = "false";
process.env.WRANGLER_HIDE_BANNER = "true";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
