// Larder inside a Worker that is there already. Types of Cloudflare's runtime come from `wrangler types` or from
// @cloudflare/workers-types.

import { WorkerEntrypoint } from "cloudflare:workers";

/** What larder.json declares (docs/declaring.md): the text of it, or what it stands for. */
export type Declarations = string | { resources: readonly object[] };

/** Hand on to these what is not your own: requests, batches of Larder's queues, and its triggers. */
export interface Larder {
  fetch(request: Request, env: unknown, ctx: ExecutionContext): Response | Promise<Response>;
  queue(batch: MessageBatch, env: unknown, ctx: ExecutionContext): Promise<void>;
  scheduled(controller: ScheduledController, env: unknown, ctx: ExecutionContext): Promise<void>;
}

/** Once in the Worker's module, at its top level. */
export default function larder(declarations: Declarations): Larder;

/** What a service binding's `props` may say of the Worker that is bound. */
export interface LarderProps {
  /** The name by which limits, the audit log and metrics know it. */
  caller: string;
  /** What its calls may do: explain (viewer), and warm and purge too (admin). read() needs none. */
  role?: "viewer" | "admin";
}

export interface Done<Value> {
  ok: true;
  status: number;
  value: Value;
  /** RFC 9211; null for what is no resource's answer. */
  cacheStatus: string | null;
}

export interface Failed {
  ok: false;
  status: number;
  /** For people; it never holds a secret. */
  error: string;
  /** Seconds after which to come again, where that is known. */
  retryAfter: number | null;
}

export type Outcome<Value = unknown> = Done<Value> | Failed;

/** One of texts, numbers and flags, by the names of the resource's fields; for fields of a body, any JSON value. */
export type Fields = Record<string, unknown>;

export interface WarmItem {
  resource: string;
  fields?: Fields;
}

export interface WarmOptions {
  /** Requests a second, 1 to 100; 1 where it is not given. */
  qps?: number;
  /** Requests at once, 1 to 20; 3 where it is not given. */
  concurrency?: number;
  priority?: "normal" | "high";
}

export interface WarmingJob {
  jobId: string;
  /** false: a job of the same items is at work already. */
  created: boolean;
}

export interface PurgeRequest {
  keys?: string[];
  tags?: string[];
  prefixes?: string[];
  patterns?: string[];
  /** hard: what it reaches is gone; soft: it is stale. */
  mode: "hard" | "soft";
}

/** What a Worker that is bound to the entry point has as `env.LARDER`. */
export interface LarderBinding extends Pick<Fetcher, "fetch"> {
  /** `value`: JSON as what it stands for, other text as text, and anything else as an ArrayBuffer. */
  read<Value = unknown>(resource: string, fields?: Fields): Promise<Outcome<Value>>;
  /** One job for each resource; the first that is refused ends it. */
  warm(items: WarmItem[], options?: WarmOptions): Promise<Outcome<WarmingJob> & { jobs: WarmingJob[] }>;
  purge(what: PurgeRequest): Promise<Outcome>;
  explain(url: string, options?: { method?: string; body?: string }): Promise<Outcome>;
}

/** The entry point for service bindings: `entrypoint = "LarderService"`. */
export class LarderService extends WorkerEntrypoint<unknown, LarderProps> {}

// The Durable Objects that wrangler.toml names. Export them from your Worker's module: export * from "larder".
export * from "./generated/object_types.js";
