// npm run smoke of a released archive.

import "./environment.js";

await import("../smoke.js");
