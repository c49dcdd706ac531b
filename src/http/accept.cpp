#include "http/accept.h"

#include <algorithm>

#include "base/text.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

// RFC 9110 §12.4.2: "0" or "1" and up to three decimals.
std::optional<unsigned> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.front() != '0' && text.front() != '1') ||
      (text.size() > 1 && text[1] != '.')) {
    return std::nullopt;
  }
  unsigned thousandths = text.front() == '1' ? 1000 : 0;
  unsigned place = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!is_digit(digit)) {
      return std::nullopt;
    }
    thousandths += static_cast<unsigned>(digit - '0') * place;
    place /= 10;
  }
  return thousandths <= quality_max ? std::optional<unsigned>(thousandths) : std::nullopt;
}

struct MediaType {
  std::string_view type;
  std::string_view subtype;
  std::string_view parameters[2];
};

constexpr MediaType json_type = {"application", "json", {"charset=utf-8", "charset=utf-8"}};
constexpr MediaType prometheus_type = {"text", "plain", {"version=0.0.4", "charset=utf-8"}};

// RFC 9110 §12.5.1: how closely a range names the type; 0 if it does not.
std::size_t closeness(const Preference& preference, const MediaType& media) {
  const std::size_t slash = preference.range.find('/');
  if (slash == std::string::npos) {
    return 0;
  }
  const std::string_view type = std::string_view(preference.range).substr(0, slash);
  const std::string_view subtype = std::string_view(preference.range).substr(slash + 1);
  const bool parameters_match = std::all_of(
      preference.parameters.begin(), preference.parameters.end(), [&](const std::string& parameter) {
        return parameter == media.parameters[0] || parameter == media.parameters[1];
      });
  if (!parameters_match) {
    return 0;
  }
  if (type == "*" && subtype == "*") {
    return 1;
  }
  if (type != media.type) {
    return 0;
  }
  if (subtype == "*") {
    return 2;
  }
  return subtype == media.subtype ? 3 + preference.parameters.size() : 0;
}

unsigned quality_of(const std::vector<Preference>& preferences, const MediaType& media) {
  std::size_t closest = 0;
  unsigned quality = 0;
  for (const Preference& preference : preferences) {
    const std::size_t near = closeness(preference, media);
    if (preference.quality && near > closest) {
      closest = near;
      quality = *preference.quality;
    }
  }
  return quality;
}

}  // namespace

std::vector<Preference> parse_preferences(std::string_view value) {
  std::vector<Preference> preferences;
  for (const std::string_view element : list_elements(value)) {
    const std::vector<std::string_view> parts = split_outside_quotes(element, ';');
    Preference preference;
    preference.range = to_lower(parts.front());
    preference.quality = quality_max;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const NamedValue parameter = split_named_value(parts[i]);
      if (equals_ignoring_case(parameter.name, "q")) {
        preference.quality = parse_quality(parameter.value.value_or(""));
      } else if (!parameter.name.empty()) {
        const std::string_view text = parameter.value.value_or("");
        preference.parameters.push_back(
            to_lower(concat({parameter.name, "=", unquote(text).value_or(std::string(text))})));
      }
    }
    preferences.push_back(std::move(preference));
  }
  return preferences;
}

bool accepts_gzip(std::optional<std::string_view> accept_encoding) {
  bool is_named = false;
  unsigned named = 0;
  unsigned wildcard = 0;
  for (const Preference& preference : parse_preferences(accept_encoding.value_or(""))) {
    if (!preference.quality) {
      continue;
    }
    // RFC 9110 §8.4.1.3: x-gzip is the same coding.
    if (preference.range == "gzip" || preference.range == "x-gzip") {
      is_named = true;
      named = std::max(named, *preference.quality);
    } else if (preference.range == "*") {
      wildcard = *preference.quality;
    }
  }
  return (is_named ? named : wildcard) > 0;
}

MetricsForm preferred_metrics_form(std::optional<std::string_view> accept) {
  const std::vector<Preference> preferences = parse_preferences(accept.value_or(""));
  const bool text_first = quality_of(preferences, prometheus_type) > quality_of(preferences, json_type);
  return text_first ? MetricsForm::prometheus : MetricsForm::json;
}

}  // namespace larder::http
