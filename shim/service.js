// The entry point for service bindings: other Workers of the account ask it by HTTP requests (`env.LARDER.fetch`), and by
// calls that take and give values. What a call means, and whether its caller may make it, is the core's to say
// (src/app/calls.def).
//
// The binding's props name the caller, and give its calls a role: {"caller": "shop", "role": "viewer"}. HTTP requests get no
// role by that: they show a token, as anybody's do.

import { WorkerEntrypoint } from "cloudflare:workers";

/** @typedef {import("./worker.js").LarderWorker} LarderWorker */
/** @typedef {{ok: true, status: number, value: any, cacheStatus: string | null}} Done */
/** @typedef {{ok: false, status: number, error: string, retryAfter: number | null}} Failed */
/** @typedef {Done | Failed} Outcome */
/** @typedef {{resource: string, fields?: Record<string, unknown>}} Item */

/** What an RPC message may hold is 32 MiB (Cloudflare, read 2026-11); an HTTP request's answer has no such bound. */
const VALUE_BYTES_MAX = 31 * 1024 * 1024;
const DEFECT = "The call cannot be answered because of a defect in the cache. Please report it.";

/** @param {number} status @param {string} error @returns {Failed} */
const failed = (status, error) => ({ ok: false, status, error, retryAfter: null });

/** @param {unknown} value */
const textOf = (value) => (typeof value === "string" ? value : "");

/** @param {any} props of the binding; anything, where it is not ours @param {string} call @returns {import("./instance.js").Service} */
function serviceOf(props, call) {
  const caller = textOf(props?.caller);
  return {
    call,
    fields: call === "fetch" ? { ":caller": caller } : { ":caller": caller, ":role": textOf(props?.role) },
  };
}

/** @param {string} type of the media @param {Uint8Array<ArrayBuffer>} bytes */
function contentOf(type, bytes) {
  if (/^application\/([\w.+-]+\+)?json\b/i.test(type)) return JSON.parse(new TextDecoder().decode(bytes));
  return /^text\//i.test(type) ? new TextDecoder().decode(bytes) : bytes.buffer;
}

/** @param {Response} response @returns {Promise<Outcome>} */
async function outcomeOf(response) {
  const { status, headers } = response;
  if (Number(headers.get("content-length") ?? 0) > VALUE_BYTES_MAX) {
    await response.body?.cancel();
    return failed(413, "The answer is longer than a call can give; ask for it by fetch().");
  }
  // A content coding is undone for whoever reads the response, and not for whoever made it.
  const isPacked = headers.get("content-encoding") === "gzip";
  const body = isPacked ? response.body?.pipeThrough(new DecompressionStream("gzip")) : response.body;
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  if (bytes.length > VALUE_BYTES_MAX) {
    return failed(413, "The answer is longer than a call can give; ask for it by fetch().");
  }
  const value = contentOf(headers.get("content-type") ?? "", bytes);
  if (response.ok) return { ok: true, status, value, cacheStatus: headers.get("cache-status") };
  const retryAfter = headers.get("retry-after");
  return {
    ok: false,
    status,
    error: textOf(value?.detail) || textOf(value?.title) || `The origin answered ${status}.`,
    retryAfter: retryAfter === null ? null : Number(retryAfter),
  };
}

/**
 * @param {() => LarderWorker} workerOf @param {any} env @param {any} ctx @param {string} call @param {unknown} given its argument
 * @returns {Promise<Outcome>}
 */
async function outcome(workerOf, env, ctx, call, given) {
  let argument;
  try {
    argument = JSON.stringify(given) ?? "null";
  } catch {
    return failed(400, "The call's arguments are no JSON.");
  }
  try {
    const service = { ...serviceOf(ctx.props, call), argument };
    return await outcomeOf(await workerOf().serve(null, env, ctx, service));
  } catch (thrown) {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    console.error(JSON.stringify({ level: "error", event: "call_failed", call, reason }));
    return failed(500, DEFECT);
  }
}

/** By resource, in the order in which they come. @param {Item[]} items @returns {Map<string, unknown[]>} */
function byResource(items) {
  /** @type {Map<string, unknown[]>} */
  const groups = new Map();
  for (const { resource, fields = {} } of items) {
    const group = groups.get(resource) ?? [];
    group.push(fields);
    groups.set(resource, group);
  }
  return groups;
}

/** @param {() => LarderWorker} workerOf the Worker of this isolate */
export const larderService = (workerOf) =>
  class LarderService extends WorkerEntrypoint {
    /** @param {Request} request @override */
    async fetch(request) {
      return await workerOf().serve(request, this.env, this.ctx, serviceOf(this.ctx.props, "fetch"));
    }

    /** @param {string} resource @param {Record<string, unknown>} [fields] */
    async read(resource, fields = {}) {
      return await outcome(workerOf, this.env, this.ctx, "read", { resource, fields });
    }

    /**
     * One job for each resource; the first that is refused ends it.
     * @param {Item[]} items @param {Record<string, unknown>} [options] qps, concurrency, priority
     * @returns {Promise<Outcome & {jobs: any[]}>} the jobs that were opened
     */
    async warm(items, options = {}) {
      /** @type {any[]} */
      const jobs = [];
      const isList = Array.isArray(items) && items.every((item) => typeof item === "object" && item !== null);
      if (!isList || items.length === 0) {
        return { ...failed(400, "items: give a list of {resource, fields}, with one item at least."), jobs };
      }
      /** @type {Outcome} */
      let last = failed(500, DEFECT);
      for (const [resource, group] of byResource(items)) {
        last = await outcome(workerOf, this.env, this.ctx, "warm", { ...options, resource, items: group });
        if (!last.ok) return { ...last, jobs };
        jobs.push(last.value);
      }
      return { ...last, jobs };
    }

    /** @param {Record<string, unknown>} what keys, tags, prefixes, patterns, mode */
    async purge(what) {
      return await outcome(workerOf, this.env, this.ctx, "purge", what);
    }

    /** @param {string} url @param {{method?: string, body?: string}} [options] */
    async explain(url, options = {}) {
      return await outcome(workerOf, this.env, this.ctx, "explain", { ...options, url });
    }
  };
