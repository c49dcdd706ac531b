#include "entry/exact_fields.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace larder::entry {

namespace {

using config::FieldSource;

std::optional<std::string> parameter(const TextPairs& parameters, std::string_view name) {
  for (const auto& [field, value] : parameters) {
    if (field == name) {
      return value;
    }
  }
  return std::nullopt;
}

// The parameters that count, as they stand.
std::string chosen_query(const config::KeyField& field, std::string_view query) {
  if (field.query_choice == config::QueryChoice::all) {
    return std::string(query);
  }
  std::vector<std::string> chosen;
  for (const std::string_view piece : split(query, '&')) {
    const auto name = percent_decode(piece.substr(0, piece.find('=')), PlusSign::space);
    if (name && config::takes_parameter(field, *name)) {
      chosen.emplace_back(piece);
    }
  }
  return join(chosen, "&");
}

// Sorted by name; equal names keep their order, which may matter.
std::string sorted_query(std::string_view query) {
  std::vector<std::string_view> pieces = split(query, '&');
  std::sort(pieces.begin(), pieces.end(), [](std::string_view left, std::string_view right) {
    const int names = left.substr(0, left.find('=')).compare(right.substr(0, right.find('=')));
    return names != 0 ? names < 0 : left.data() < right.data();
  });
  return join(std::vector<std::string>(pieces.begin(), pieces.end()), "&");
}

}  // namespace

ExactFields exact_fields(const config::Resource& resource, const http::ExactTarget& target) {
  const TextPairs plain = config::path_parameters(resource.match, target.plain_path);
  const TextPairs sent = config::path_parameters(resource.match, target.sent_path);
  ExactFields fields;
  for (const config::KeyField& field : resource.key) {
    std::optional<std::string> in_key;
    std::optional<std::string> as_sent;
    if (field.source == FieldSource::whole_query) {
      const std::string plain_query = chosen_query(field, target.plain_query);
      in_key = field.normalisers.empty() ? plain_query : sorted_query(plain_query);
      as_sent = chosen_query(field, target.sent_query);
    } else if ((field.source == FieldSource::path || field.source == FieldSource::rest) &&
               field.normalisers.empty()) {
      in_key = parameter(plain, field.name);
      as_sent = parameter(sent, field.name);
    }
    fields.in_key.push_back(std::move(in_key));
    fields.sent.push_back(std::move(as_sent));
  }
  return fields;
}

}  // namespace larder::entry
