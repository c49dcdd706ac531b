// The least that a Worker in front of the origin can do: it asks and hands on, and keeps nothing.

export default {
  /** @param {Request} request @param {{ORIGIN: string}} env */
  fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const title = searchParams.get("q");
    if (title === null) return fetch(`${env.ORIGIN}${pathname}`);
    return fetch(`${env.ORIGIN}/search.json?title=${encodeURIComponent(title)}`);
  },
};
