// How a command ends when it does not succeed. Messages say what failed and what to do, and carry no secret.

/** What was asked for did not come about: exit code 1. */
export class Failure extends Error {}

/** The command was not written as it has to be: exit code 2. */
export class WrongUsage extends Error {}

export const EXIT = /** @type {const} */ ({ done: 0, failed: 1, wrongUsage: 2 });
