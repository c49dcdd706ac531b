#include "http/request_fields.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

struct FieldRow {
  std::string_view name;
  RequestFieldFate fate;
};

constexpr FieldRow field_rows[] = {
#define LARDER_REQUEST_FIELD(name, fate, why) {name, RequestFieldFate::fate},
#include "http/request_fields.def"
#undef LARDER_REQUEST_FIELD
};

bool fits(std::string_view row, std::string_view name) {
  // Tells most of them apart; no row is "*".
  if (name.empty() || row.front() != name.front()) {
    return false;
  }
  return row.ends_with('*') ? name.starts_with(row.substr(0, row.size() - 1)) : name == row;
}

bool is_in(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> named_by_connection(const TextPairs& request) {
  std::vector<std::string> names;
  for (const auto& [field, value] : request) {
    if (field == "connection") {
      for (const std::string_view element : list_elements(value)) {
        names.push_back(to_lower(element));
      }
    }
  }
  return names;
}

bool goes_on(std::string_view name, const Forwarding& forwarding) {
  switch (fate_of(name)) {
    case RequestFieldFate::connection:
    case RequestFieldFate::own:
      return false;
    case RequestFieldFate::body:
      return forwarding.with_body;
    case RequestFieldFate::condition:
      return forwarding.with_conditions;
    case RequestFieldFate::range:
      return forwarding.with_range;
    case RequestFieldFate::credential:
    case RequestFieldFate::platform:
    case RequestFieldFate::rewriting:
      return is_in(forwarding.declared, name);
    case RequestFieldFate::end_to_end:
      return true;
  }
  LARDER_UNREACHABLE();
}

}  // namespace

RequestFieldFate fate_of(std::string_view name) {
  // A whole name says more than one that ends in "*".
  const FieldRow* found = nullptr;
  for (const FieldRow& row : field_rows) {
    if (fits(row.name, name) && (found == nullptr || !row.name.ends_with('*'))) {
      found = &row;
    }
  }
  return found == nullptr ? RequestFieldFate::end_to_end : found->fate;
}

bool may_be_declared(RequestFieldFate fate) {
  return fate == RequestFieldFate::credential || fate == RequestFieldFate::platform ||
         fate == RequestFieldFate::rewriting;
}

bool is_forwarded(std::string_view name, const std::vector<std::string>& declared) {
  const RequestFieldFate fate = fate_of(name);
  return fate == RequestFieldFate::end_to_end || (may_be_declared(fate) && is_in(declared, name));
}

TextPairs forwarded_fields(const TextPairs& request, const Forwarding& forwarding) {
  const std::vector<std::string> of_connection = named_by_connection(request);
  TextPairs forwarded;
  for (const auto& [name, value] : request) {
    if (goes_on(name, forwarding) && !is_in(of_connection, name)) {
      forwarded.emplace_back(name, value);
    }
  }
  return forwarded;
}

}  // namespace larder::http
