#include "origin/reading.h"

#include <string>

#include "base/text.h"

namespace larder::origin {

namespace {

// What most replies hold at most, so that works seldom move while they are gathered.
constexpr std::size_t works_likely = 20;

Fault read_isbn(JsonValue value, WorkBuilder& work) {
  if (const Fault fault = with_text(value, [&](std::string_view text) { work.isbn(text); })) {
    return fault;
  }
  return with_integer(value, [&](std::int64_t number) { work.isbn(to_text(number)); });
}

}  // namespace

Fault read_isbns(JsonValue value, WorkBuilder& work) {
  bool list = false;
  if (const Fault fault = is_array(value, list)) {
    return fault;
  }
  return list ? each_element_while(
                    value, [&] { return work.takes_isbns(); },
                    [&](JsonValue element) { return read_isbn(element, work); })
              : read_isbn(value, work);
}

Fault read_year(JsonValue value, WorkBuilder& work) {
  if (const Fault fault = with_integer(value, [&](std::int64_t number) { work.year(number); })) {
    return fault;
  }
  return with_text(value, [&](std::string_view date) { work.year_in(date); });
}

bool Collector::take(WorkBuilder&& work) {
  if (!work.has_title()) {
    return false;
  }
  if (reply_.works.empty()) {
    reply_.works.reserve(works_likely);
  }
  reply_.works.push_back(std::move(work).finish_titled());
  return true;
}

Reply Collector::finish() && {
  put_first(reply_.works, wanted_isbn13_);
  const std::size_t sent = reply_.works.size();
  leave_out_others(reply_.works, wanted_isbn13_);
  if (reply_.works.empty()) {
    // What it claims beyond other books is what it sent of them.
    reply_.claims_some = has_more_ && sent == 0;
    reply_.authority = has_more_ || sent > 0 ? Authority::doubtful : Authority::authoritative;
  }
  return std::move(reply_);
}

}  // namespace larder::origin
