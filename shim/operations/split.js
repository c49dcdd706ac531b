// One stream as two. The platform's own tee() holds whatever the slower reader has not taken yet, which for a large body is
// all of it; here the source is read only when both want more.

import { OperationFailure } from "../failure.js";

/** @typedef {import("../instance.js").InFlight} InFlight */

/** @param {InFlight} request @param {{content: ArrayBuffer | ReadableStream | null}} wanted */
export async function bodySplit(request, { content }) {
  if (!(content instanceof ReadableStream)) {
    throw new OperationFailure("invalid", "Only a stream can be split.");
  }
  const [one, other] = split(content);
  const { bodies } = request.instance;
  return { one: bodies.keep(one), other: bodies.keep(other) };
}

/** @param {ReadableStream<Uint8Array>} source @returns {[ReadableStream, ReadableStream]} */
export function split(source) {
  const reader = source.getReader();
  const branches = [new Branch(), new Branch()];
  for (const branch of branches) {
    branch.advance = () => {
      const open = branches.filter(({ isOpen }) => isOpen);
      if (open.length === 0) {
        reader.cancel().catch(() => {});
        return;
      }
      if (open.every(({ wanted }) => wanted !== null)) forward(reader, open);
    };
  }
  const [one, other] = branches.map(({ stream }) => stream);
  return [/** @type {ReadableStream} */ (one), /** @type {ReadableStream} */ (other)];
}

class Branch {
  constructor() {
    this.isOpen = true;
    /** Resolves the pull that waits for a chunk. @type {(() => void) | null} */
    this.wanted = null;
    /** Called whenever the branch wants a chunk, or wants none any more. */
    this.advance = () => {};
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () =>
          new Promise((resolve) => {
            this.wanted = () => resolve(undefined);
            this.advance();
          }),
        cancel: () => {
          this.isOpen = false;
          this.advance();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** @param {(controller: ReadableStreamDefaultController) => void} act */
  settle(act) {
    const done = this.wanted;
    this.wanted = null;
    if (this.isOpen && this.controller !== undefined) act(this.controller);
    done?.();
  }
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {Branch[]} branches each waits for a chunk */
async function forward(reader, branches) {
  try {
    const { done, value } = await reader.read();
    for (const [i, branch] of branches.entries()) {
      // Each has its own bytes: one may transfer them.
      branch.settle((controller) =>
        done ? controller.close() : controller.enqueue(i === 0 ? value : value.slice()),
      );
    }
  } catch (thrown) {
    for (const branch of branches) branch.settle((controller) => controller.error(thrown));
  }
}
