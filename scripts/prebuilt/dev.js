// npm run dev of a released archive.

import "./environment.js";

await import("../dev.js");
