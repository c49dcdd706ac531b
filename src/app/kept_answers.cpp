#include "app/kept_answers.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "policy/decision.h"

namespace larder::app {

bool has_lasting_head(const engine::Reading& reading) {
  const engine::Hit* const hit = reading.hit();
  const http::CacheStatus& status = reading.status;
  return hit != nullptr && hit->found_in == config::Tier::memory && hit->role == engine::Role::itself &&
         hit->form == engine::Form::as_kept && hit->entry->header.status != 206 && !status.forward &&
         status.ttl && !status.key && status.detail == policy::to_text(policy::Reason::memory);
}

host::Head& head_of(const engine::Hit& hit, std::string_view variant, http::Method method,
                    http::Precondition precondition) {
  tiers::EntryHeads& heads = hit.entry->heads;
  heads.tell_of(variant);
  if (precondition != http::Precondition::proceed) {
    return heads.not_modified;
  }
  return method == http::Method::head ? heads.alone : heads.whole;
}

host::HeadParts lasting_parts(const host::Answer& answer, std::vector<std::string> guards) {
  constexpr std::string_view before_number = "; ttl=";
  host::HeadParts parts;
  parts.status = answer.status;
  parts.body = answer.body;
  parts.guards = std::move(guards);
  // Caches that the answer has passed before come first (RFC 9211 §2).
  std::string status;
  for (const auto& [name, value] : answer.headers) {
    if (name == "cache-status") {
      status = status.empty() ? value : concat({status, ", ", value});
    } else if (name != "age") {
      parts.headers.emplace_back(name, value);
    }
  }
  const std::size_t before = status.rfind(before_number);
  LARDER_ASSERT(before != std::string::npos);
  const std::size_t number = before + before_number.size();
  parts.before_ttl = status.substr(0, number);
  parts.after_ttl = status.substr(std::min(status.find_first_not_of("-0123456789", number), status.size()));
  return parts;
}

host::Answer kept_answer(host::HeadHandle head, std::uint32_t status, const engine::Reading& reading) {
  host::Answer answer;
  answer.status = status;
  answer.kept.emplace();
  answer.kept->head = head;
  answer.kept->age_seconds = static_cast<std::int64_t>(whole_seconds(reading.hit()->age));
  answer.kept->ttl_seconds = reading.status.ttl->count();
  return answer;
}

}  // namespace larder::app
