// The least that a Worker in front of the origin can do: it asks and hands on, and keeps nothing.

export default {
  /** @param {Request} request @param {{ORIGIN: string}} env */
  fetch(request, env) {
    const title = new URL(request.url).searchParams.get("q") ?? "";
    return fetch(`${env.ORIGIN}/search.json?title=${encodeURIComponent(title)}`);
  },
};
