// Waiting for another request of this instance. The promise belongs to the waiting request: whoever resolves it, the
// continuation runs in the waiter's own context. The timer keeps the platform from taking the waiter for hung.

/** @param {import("../instance.js").InFlight} request @param {{wait_millis: number}} waiting */
export async function park(request, { wait_millis }) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  const woken = await new Promise((resolve) => {
    request.wake = () => resolve(1);
    timer = setTimeout(() => resolve(0), wait_millis);
  });
  clearTimeout(timer);
  request.wake = null;
  return { woken };
}
