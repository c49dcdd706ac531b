// Waiting for another request of this instance. The promise belongs to the waiting request: whoever resolves it, the
// continuation runs in the waiter's own context. The timer keeps the platform from taking the waiter for hung.

/** @param {import("../instance.js").InFlight} request @param {{wait_millis: number}} waiting */
export async function park(request, { wait_millis }) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let wake = () => {};
  const woken = await new Promise((resolve) => {
    wake = () => resolve(1);
    request.parked.add(wake);
    timer = setTimeout(() => resolve(0), wait_millis);
  });
  clearTimeout(timer);
  request.parked.delete(wake);
  return { woken };
}
