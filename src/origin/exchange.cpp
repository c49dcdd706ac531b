#include "origin/exchange.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "config/limits.h"
#include "host/operations.h"
#include "http/content_coding.h"
#include "http/message.h"
#include "http/retry_after.h"
#include "origin/redirect.h"
#include "origin/reply_head.h"

namespace larder::origin {

namespace {

std::uint64_t millis_until(Instant end, Instant now) {
  return static_cast<std::uint64_t>(std::max(end - now, Millis(1)).count());
}

// An operation that gave no answer.
Refusal no_answer(const Error& error, const Request& request) {
  return Refusal(
      Error(error.kind, request.source, error.retryable ? Retry::later : Retry::never, error.message));
}

// What came over the wire, whichever operation brought it.
template <typename Results>
WireReply wire_reply(Results results, Instant now) {
  return WireReply(results.status, safe_fields(std::move(results.headers), now),
                   results.streamed == 1 ? BodyForm::stream : BodyForm::bytes, std::move(results.content));
}

// The content codings that the body is still in, as one field. Where some were undone, its length is another.
void set_codings(WireReply& reply, const std::vector<std::string>& codings, std::size_t undone) {
  TextPairs kept;
  for (auto& field : reply.headers) {
    const bool is_of_coded = undone > 0 && equals_ignoring_case(field.first, "content-length");
    if (!equals_ignoring_case(field.first, "content-encoding") && !is_of_coded) {
      kept.push_back(std::move(field));
    }
  }
  if (!codings.empty()) {
    kept.emplace_back("content-encoding", join(codings, ", "));
  }
  reply.headers = std::move(kept);
}

std::string all_codings(const WireReply& reply) {
  return http::Fields(reply.headers).combined("content-encoding").value_or("");
}

bool can_be_undone(const std::vector<std::string>& codings) {
  return !codings.empty() && codings.size() <= config::limit::content_codings_max && codings.back() == "gzip";
}

Refusal unreadable(const Request& asked, const WireReply& reply, Instant now) {
  return refusal_of(Error(ErrorKind::corrupt, asked.source, Retry::never,
                          concat({asked.source, " answered in a content coding that cannot be undone"})),
                    reply, now);
}

}  // namespace

std::string WireReply::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (equals_ignoring_case(field, name)) {
      return value;
    }
  }
  return "";
}

Refusal refusal_of(Error error, const WireReply& reply, Instant now) {
  Refusal refusal(std::move(error));
  refusal.origin_status = reply.status;
  refusal.retry_after_seconds = http::parse_retry_after(reply.header("retry-after"), now).value_or(0);
  return refusal;
}

// The reply with its content codings undone, as far as that can be done here.
host::Task<OriginResult<WireReply>> decoded(host::Context here, const Request& asked, WireReply reply) {
  std::vector<std::string> codings = http::content_codings(all_codings(reply));
  const std::size_t layers = codings.size();
  // A part of an encoded body cannot be undone.
  const bool is_whole = !reply.streamed && reply.content.size() > Bytes(0) && reply.status != 206;
  while (is_whole && !reply.streamed && can_be_undone(codings)) {
    auto plain = co_await host::body_gunzip(here, reply.content, asked.body_bytes_max.count);
    if (plain) {
      reply.content = std::move(plain->unpacked);
      codings.pop_back();
    } else if (plain.error().kind != ErrorKind::too_large || asked.oversize == Oversize::fails) {
      co_return tl::make_unexpected(
          refusal_of(Error(plain.error().kind, asked.source, Retry::never, plain.error().message), reply,
                     here.host().now()));
    } else {
      // Too large to be kept, so it passes on as it came.
      reply.streamed = true;
    }
  }
  if (asked.method == http::to_text(http::Method::head)) {
    // What is said of the body that GET would have is said of it as clients get it.
    while (can_be_undone(codings)) {
      codings.pop_back();
    }
  }
  const bool has_body = reply.streamed || is_whole;
  if (has_body && !codings.empty() && !reply.streamed && asked.codings == Codings::are_undone) {
    co_return tl::make_unexpected(unreadable(asked, reply, here.host().now()));
  }
  set_codings(reply, codings, layers - codings.size());
  co_return reply;
}

// Sends `request`, or takes up `begun`, and follows where it leads.
host::Task<OriginResult<Exchanged>> walk(host::Context here, Request request, Instant deadline,
                                         Instant soft_end, std::optional<WireReply> begun) {
  for (;;) {
    if (!begun) {
      host::Body content;
      if (!request.content.empty()) {
        content = host::Body::from_bytes(here.host(), request.content);
      }
      const host::Body& sent = request.stream == nullptr ? content : *request.stream;
      const Instant now = here.host().now();
      const std::uint64_t timeout_millis = millis_until(deadline, now);
      const std::uint64_t soft_millis = soft_end == Instant::max() ? 0 : millis_until(soft_end, now);
      const std::uint8_t oversize = request.oversize == Oversize::streamed ? 1 : 0;
      auto reply =
          co_await host::origin_fetch(here, request.method, request.url, request.headers, timeout_millis,
                                      soft_millis, request.body_bytes_max.count, oversize, sent);
      if (!reply) {
        co_return tl::make_unexpected(no_answer(reply.error(), request));
      }
      if (reply->ticket != 0) {
        Exchanged late;
        late.ticket = reply->ticket;
        late.late = std::make_shared<const Late>(std::move(request), deadline);
        co_return late;
      }
      begun.emplace(wire_reply(std::move(*reply), here.host().now()));
    }
    auto next = follow_redirect(request, begun->status, begun->header("location"));
    if (!next) {
      Error error(next.error().kind, request.source, Retry::never, next.error().message);
      co_return tl::make_unexpected(refusal_of(std::move(error), *begun, here.host().now()));
    }
    if (!*next) {
      break;
    }
    request = std::move(**next);
    begun.reset();
  }
  WireReply reply = std::move(*begun);
  auto plain = co_await decoded(here, request, std::move(reply));
  if (!plain) {
    co_return tl::make_unexpected(std::move(plain.error()));
  }
  Exchanged exchanged;
  exchanged.asked = std::move(request);
  exchanged.reply = std::move(*plain);
  co_return exchanged;
}

host::Task<OriginResult<Exchanged>> exchange(host::Context here, Request request, Instant deadline,
                                             Instant soft_end) {
  std::optional<WireReply> nothing;
  co_return co_await walk(here, std::move(request), deadline, soft_end, std::move(nothing));
}

host::Task<OriginResult<Exchanged>> resume_exchange(host::Context here, std::uint32_t ticket,
                                                    std::shared_ptr<const Late> late) {
  auto reply = co_await host::origin_resume(here, ticket);
  if (!reply) {
    co_return tl::make_unexpected(no_answer(reply.error(), late->request));
  }
  std::optional<WireReply> begun;
  begun.emplace(wire_reply(std::move(*reply), here.host().now()));
  Request request = late->request;
  const Instant deadline = late->deadline;
  co_return co_await walk(here, std::move(request), deadline, Instant::max(), std::move(begun));
}

}  // namespace larder::origin
