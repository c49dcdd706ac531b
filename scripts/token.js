// npm run --silent token -- [--role admin|viewer] [--sub NAME] [--expires 1h]: a JWT (HS256) for the secret in .dev.vars.
// It is all that goes to standard output.

import { parseArgs } from "node:util";
import { secretIn, signToken } from "./cli/token.js";

try {
  const { values } = parseArgs({
    options: {
      role: { type: "string", default: "admin" },
      sub: { type: "string", default: "developer" },
      expires: { type: "string", default: "1h" },
    },
  });
  console.log(signToken(values, secretIn(".dev.vars"), Date.now()));
} catch (error) {
  console.error(`larder: ${/** @type {Error} */ (error).message}`);
  process.exit(1);
}
