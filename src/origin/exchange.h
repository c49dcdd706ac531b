// One question to an origin and its answer: redirects followed (redirect.h), content codings undone. What the
// answer means is for fetch.h to say.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/wire.h"
#include "host/host.h"
#include "host/requests.h"
#include "host/task.h"
#include "origin/refusal.h"
#include "origin/request.h"

namespace larder::origin {

enum class BodyForm : std::uint8_t { bytes, stream };

// What came over the wire. Content-Encoding is among the headers where the body is encoded as it stands, and
// nowhere else.
struct WireReply {
  std::uint32_t status = 0;
  TextPairs headers;
  // The body is a stream, or one that passes on and is not kept.
  bool streamed = false;
  host::Body content;

  WireReply() {}
  WireReply(std::uint32_t status_, TextPairs headers_, BodyForm form, host::Body content_)
      : status(status_),
        headers(std::move(headers_)),
        streamed(form == BodyForm::stream),
        content(std::move(content_)) {}

  // The first field of that name; "" if there is none.
  std::string header(std::string_view name) const;
};

// What an origin's failure is, when there was an HTTP answer.
Refusal refusal_of(Error error, const WireReply& reply, Instant now);

struct Exchanged {
  // What was asked in the end.
  Request asked;
  WireReply reply;
  // Not 0: there is no reply yet, and resume_exchange() waits on.
  std::uint32_t ticket = 0;
  std::shared_ptr<const Late> late;

  Exchanged() {}
};

// The answer until `deadline`; or after `soft_end` a ticket (Instant::max(): never). Refusals name the
// request's source.
host::Task<OriginResult<Exchanged>> exchange(host::Context here, Request request, Instant deadline,
                                             Instant soft_end);

// The rest of an exchange of the same request that came back with a ticket, once.
host::Task<OriginResult<Exchanged>> resume_exchange(host::Context here, std::uint32_t ticket,
                                                    std::shared_ptr<const Late> late);

}  // namespace larder::origin
