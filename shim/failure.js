// How an operation says that it failed. `status` is a name of STATUS; `message` is for people and never has a secret: so
// an exception of the platform is reported by its kind only, since its text may quote a URL.

export class OperationFailure extends Error {
  /** @param {"timeout" | "unavailable" | "rejected" | "too_large" | "invalid" | "unsupported" | "corrupt"} status
   *  @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {unknown} thrown @param {string} peer */
export function asFailure(thrown, peer) {
  if (thrown instanceof OperationFailure) return thrown;
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  return new OperationFailure("unavailable", `${peer} failed (${kind}).`);
}
