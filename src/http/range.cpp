#include "http/range.h"

#include <algorithm>

#include "base/text.h"
#include "http/date.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

RequestedRange part_of(std::uint64_t first, std::uint64_t last, std::uint64_t size) {
  RequestedRange range;
  range.state = first < size ? RangeState::part : RangeState::unsatisfiable;
  if (range.state == RangeState::part) {
    range.part.emplace(Bytes(first), Bytes(std::min(last, size - 1) - first + 1));
  }
  return range;
}

}  // namespace

RequestedRange parse_range(std::string_view value, Bytes size) {
  const std::size_t equals = value.find('=');
  const std::string_view unit = trim_whitespace(value.substr(0, equals));
  if (equals == std::string_view::npos || !equals_ignoring_case(unit, "bytes")) {
    return {};
  }
  const auto ranges = list_elements(value.substr(equals + 1));
  const std::size_t dash = ranges.size() == 1 ? ranges.front().find('-') : std::string_view::npos;
  if (dash == std::string_view::npos) {
    return {};
  }
  const std::string_view first_text = ranges.front().substr(0, dash);
  const std::string_view last_text = ranges.front().substr(dash + 1);
  const auto first = parse_unsigned(first_text);
  const auto last = parse_unsigned(last_text);
  if (first_text.empty() && last) {
    const std::uint64_t length = std::min(*last, size.count);
    return part_of(*last == 0 ? size.count : size.count - length, size.count, size.count);
  }
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) {
    return {};
  }
  return part_of(*first, last.value_or(UINT64_MAX), size.count);
}

bool holds_if_range(std::string_view value, const Representation& representation, Instant now) {
  if (const auto tag = parse_entity_tag(value)) {
    return representation.etag && matches_strongly(*tag, *representation.etag);
  }
  const auto date = parse_date(trim_whitespace(value), now);
  return date && representation.last_modified &&
         std::chrono::floor<Seconds>(*representation.last_modified) == std::chrono::floor<Seconds>(*date);
}

std::optional<GivenPart> parse_content_range(std::string_view value) {
  const std::size_t space = value.find(' ');
  const std::string_view rest = trim_whitespace(space == std::string_view::npos ? "" : value.substr(space));
  const std::size_t dash = rest.find('-');
  const std::size_t slash = rest.find('/');
  if (!equals_ignoring_case(value.substr(0, space), "bytes") || dash == std::string_view::npos ||
      slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = parse_unsigned(rest.substr(0, dash));
  const auto last = parse_unsigned(rest.substr(dash + 1, slash - dash - 1));
  const auto whole = parse_unsigned(rest.substr(slash + 1));
  if (!first || !last || !whole || *last < *first || *last >= *whole) {
    return std::nullopt;
  }
  return GivenPart(ByteRange(Bytes(*first), Bytes(*last - *first + 1)), Bytes(*whole));
}

bool is_within(const ByteRange& inner, const ByteRange& outer) {
  return inner.from.count >= outer.from.count &&
         inner.from.count + inner.size.count <= outer.from.count + outer.size.count;
}

std::string content_range(const ByteRange& part, Bytes size) {
  return concat({"bytes ", larder::to_text(part.from.count), "-",
                 larder::to_text(part.from.count + part.size.count - 1), "/", larder::to_text(size.count)});
}

std::string content_range_of_none(Bytes size) { return concat({"bytes */", larder::to_text(size.count)}); }

}  // namespace larder::http
