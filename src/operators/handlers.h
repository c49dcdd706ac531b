// The handlers of routes.def: what a call does once the gate has let it in.
#pragma once

#include "host/outgoing.h"
#include "host/requests.h"
#include "host/task.h"
#include "operators/call.h"
#include "operators/operator_context.h"

namespace larder::operators {

// `context` and `call` are the caller's frame's. Only the answer is waited for by the client.
using Handler = host::Task<host::Outgoing> (*)(host::Context here, const OperatorContext& context,
                                               Call& call);

#define LARDER_ROUTE(method, path, role, handler, audit, purpose) \
  host::Task<host::Outgoing> handler(host::Context here, const OperatorContext& context, Call& call);
#include "operators/routes.def"

}  // namespace larder::operators
