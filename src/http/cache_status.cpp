#include "http/cache_status.h"

#include "base/assert.h"
#include "base/text.h"
#include "http/structured_field.h"

namespace larder::http {

namespace {

constexpr ForwardReason reasons[] = {
    ForwardReason::bypass, ForwardReason::method,  ForwardReason::uri_miss, ForwardReason::vary_miss,
    ForwardReason::miss,   ForwardReason::request, ForwardReason::stale,    ForwardReason::partial,
};

std::optional<ForwardReason> parse_reason(const BareItem& item) {
  for (const ForwardReason reason : reasons) {
    if (item.kind == ItemKind::token && item.text == to_text(reason)) {
      return reason;
    }
  }
  return std::nullopt;
}

bool is_text(const BareItem& item) { return item.kind == ItemKind::token || item.kind == ItemKind::string; }

// False if the parameter has the wrong type. `hit` is ours to know: CacheStatus has no place for it.
bool read_parameter(std::string_view name, const BareItem& item, CacheStatus& status, bool& hit) {
  if (name == "hit" || name == "stored" || name == "collapsed") {
    bool& flag = name == "hit" ? hit : name == "stored" ? status.stored : status.collapsed;
    flag = !item.is_false();
    return item.kind == ItemKind::boolean;
  }
  if (name == "fwd") {
    status.forward = parse_reason(item);
    return status.forward.has_value();
  }
  if (name == "fwd-status") {
    status.forward_status = static_cast<int>(item.integer % 1000);
    return item.kind == ItemKind::integer && item.integer >= 100 && item.integer <= 999;
  }
  if (name == "ttl") {
    status.ttl = Seconds(item.integer);
    return item.kind == ItemKind::integer;
  }
  if (name == "key") {
    status.key = item.text;
    return item.kind == ItemKind::string;
  }
  if (name == "detail" || name == "variant" || name == "unkept") {
    (name == "detail" ? status.detail : name == "variant" ? status.variant : status.unkept) = item.text;
    return is_text(item);
  }
  return true;
}

}  // namespace

std::string_view to_text(ForwardReason reason) {
  switch (reason) {
    case ForwardReason::bypass:
      return "bypass";
    case ForwardReason::method:
      return "method";
    case ForwardReason::uri_miss:
      return "uri-miss";
    case ForwardReason::vary_miss:
      return "vary-miss";
    case ForwardReason::miss:
      return "miss";
    case ForwardReason::request:
      return "request";
    case ForwardReason::stale:
      return "stale";
    case ForwardReason::partial:
      return "partial";
  }
  LARDER_UNREACHABLE();
}

std::string format_cache_status(const CacheStatus& status) {
  std::string text = structured_token_or_string(status.cache);
  const auto number = [](std::int64_t value) { return larder::to_text(value); };
  if (status.forward) {
    text.append("; fwd=").append(to_text(*status.forward));
    if (status.forward_status) {
      text.append("; fwd-status=").append(number(*status.forward_status));
    }
  } else {
    text.append("; hit");
  }
  if (status.ttl) {
    text.append("; ttl=").append(number(status.ttl->count()));
  }
  if (status.forward && status.stored) {
    text.append("; stored");
  }
  if (status.forward && status.collapsed) {
    text.append("; collapsed");
  }
  if (status.key) {
    text.append("; key=").append(structured_string(*status.key));
  }
  if (!status.detail.empty()) {
    text.append("; detail=").append(structured_token_or_string(status.detail));
  }
  if (status.forward && !status.unkept.empty()) {
    text.append("; unkept=").append(structured_token_or_string(status.unkept));
  }
  if (!status.variant.empty()) {
    text.append("; variant=").append(structured_token_or_string(status.variant));
  }
  return text;
}

std::string append_cache_status(std::optional<std::string_view> received, const CacheStatus& status) {
  const auto members = received ? parse_list(*received) : std::nullopt;
  if (!members || members->empty()) {
    return format_cache_status(status);
  }
  return concat({trim_whitespace(*received), ", ", format_cache_status(status)});
}

std::optional<CacheStatus> parse_cache_status(std::string_view member) {
  const auto members = parse_list(member);
  if (!members || members->size() != 1 || !is_text(members->front().value)) {
    return std::nullopt;
  }
  CacheStatus status;
  status.cache = members->front().value.text;
  bool hit = false;
  for (const auto& [name, item] : members->front().parameters) {
    if (!read_parameter(name, item, status, hit)) {
      return std::nullopt;
    }
  }
  return hit != status.forward.has_value() ? std::optional<CacheStatus>(std::move(status)) : std::nullopt;
}

}  // namespace larder::http
