// Which function does which row of src/host/ops.def. A body among the arguments comes as its content.

import { analyticsQuery, analyticsWrite } from "./analytics.js";
import { controlAppend, controlRead } from "./control.js";
import { edgeDelete, edgeGet, edgePut } from "./edge.js";
import { bodyGunzip, bodyGzip } from "./gzip.js";
import { kvDelete, kvGet, kvGetMany, kvList, kvPut } from "./kv.js";
import { lockAcquire, lockRelease } from "./lock.js";
import { mailSend } from "./mail.js";
import { objectRun } from "./object.js";
import { originFetch, originResume } from "./origin.js";
import { park } from "./park.js";
import { batchSettle, queueBacklog, queueSend } from "./queue.js";
import { r2Delete, r2Get, r2Head, r2List, r2Put } from "./r2.js";
import { rateLimit } from "./rate_limit.js";
import { redisRun } from "./redis.js";
import { requestBody, requestForm } from "./request.js";
import { bodySplit } from "./split.js";
import { tokenVerify } from "./token.js";

/** @type {Readonly<Record<string, (request: import("../instance.js").InFlight, wanted: any) => Promise<any>>>} */
export const handlers = Object.freeze({
  park,
  origin_fetch: originFetch,
  edge_get: edgeGet,
  edge_put: edgePut,
  edge_delete: edgeDelete,
  kv_get: kvGet,
  kv_put: kvPut,
  kv_delete: kvDelete,
  kv_list: kvList,
  batch_settle: batchSettle,
  lock_acquire: lockAcquire,
  lock_release: lockRelease,
  origin_resume: originResume,
  control_read: controlRead,
  control_append: controlAppend,
  body_gzip: bodyGzip,
  body_gunzip: bodyGunzip,
  request_body: requestBody,
  request_form: requestForm,
  object_run: objectRun,
  token_verify: tokenVerify,
  rate_limit: rateLimit,
  queue_send: queueSend,
  queue_backlog: queueBacklog,
  kv_get_many: kvGetMany,
  analytics_query: analyticsQuery,
  analytics_write: analyticsWrite,
  mail_send: mailSend,
  redis_run: redisRun,
  r2_get: r2Get,
  r2_put: r2Put,
  r2_head: r2Head,
  r2_delete: r2Delete,
  r2_list: r2List,
  body_split: bodySplit,
});
