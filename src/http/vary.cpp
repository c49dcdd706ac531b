#include "http/vary.h"

#include <algorithm>

#include "base/text.h"
#include "http/accept.h"
#include "http/syntax.h"

namespace larder::http {

namespace {

// What is known of a field's value, and so which rewritings keep its meaning.
enum class Meaning : std::uint8_t {
  list,             // a list, or one element: white space around elements and empty ones mean nothing
  ranking,          // weighted, case-insensitive, order among equals may matter
  set_of_weighted,  // weighted, case-insensitive, order among equals means nothing
};

Meaning meaning_of(std::string_view name) {
  if (name == "accept-encoding" || name == "accept-charset") {
    return Meaning::set_of_weighted;
  }
  return name == "accept-language" ? Meaning::ranking : Meaning::list;
}

std::string joined_elements(std::string_view value) {
  std::string joined;
  for (const std::string_view element : list_elements(value)) {
    joined.append(joined.empty() ? "" : ",").append(element);
  }
  return joined;
}

std::string quality_text(unsigned thousandths) {
  std::string digits = larder::to_text(std::uint64_t{1000} + thousandths).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits.empty() ? ";q=0" : ";q=0." + digits;
}

// nullopt where an element is not a plain weighted range: then nothing is known of its meaning.
std::optional<std::string> joined_preferences(std::string_view value, Meaning meaning) {
  const std::vector<Preference> preferences = parse_preferences(value);
  for (const Preference& preference : preferences) {
    if (!is_token(preference.range) || !preference.quality || !preference.parameters.empty()) {
      return std::nullopt;
    }
  }
  std::vector<const Preference*> ranked;
  for (const Preference& preference : preferences) {
    ranked.push_back(&preference);
  }
  // Their places in the field, which the pointers are, break the ties of a ranking.
  std::sort(ranked.begin(), ranked.end(), [&](const Preference* a, const Preference* b) {
    if (*a->quality != *b->quality) {
      return *a->quality > *b->quality;
    }
    const bool sorted = meaning == Meaning::set_of_weighted && a->range != b->range;
    return sorted ? a->range < b->range : a < b;
  });
  std::string joined;
  for (const Preference* preference : ranked) {
    joined.append(joined.empty() ? "" : ",").append(preference->range);
    if (*preference->quality != quality_max) {
      joined.append(quality_text(*preference->quality));
    }
  }
  return joined;
}

std::string normalised(std::string_view name, std::string_view value) {
  const Meaning meaning = meaning_of(name);
  switch (meaning) {
    case Meaning::list:
      return joined_elements(value);
    case Meaning::ranking:
    case Meaning::set_of_weighted: {
      auto joined = joined_preferences(value, meaning);
      return joined ? std::move(*joined) : joined_elements(value);
    }
  }
  return std::string(value);
}

void append_escaped(std::string& key, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '&' || byte < 0x20 || byte > 0x7e) {
      key.append(percent_encode(std::string_view(&c, 1)));
    } else {
      key.push_back(c);
    }
  }
}

}  // namespace

Vary parse_vary(std::string_view value) {
  Vary vary;
  for (const std::string_view element : list_elements(value)) {
    if (element == "*" || !is_token(element)) {
      vary.any = true;
    } else {
      vary.names.push_back(to_lower(element));
    }
  }
  std::sort(vary.names.begin(), vary.names.end());
  vary.names.erase(std::unique(vary.names.begin(), vary.names.end()), vary.names.end());
  return vary;
}

Vary vary_of(const Fields& response) { return parse_vary(response.combined("Vary").value_or("")); }

std::string secondary_key(const std::vector<std::string>& names, const FieldReader& read) {
  std::string key;
  for (const std::string& name : names) {
    if (&name != &names.front()) {
      key.push_back('&');
    }
    append_escaped(key, name);
    if (const auto value = read(name)) {
      key.push_back('=');
      append_escaped(key, normalised(name, *value));
    }
  }
  return key;
}

std::vector<std::string> names_of_key(std::string_view secondary_key) {
  std::vector<std::string> names;
  if (!secondary_key.empty()) {
    for (const std::string_view part : split(secondary_key, '&')) {
      const std::string_view name = part.substr(0, part.find('='));
      names.push_back(percent_decode(name, PlusSign::itself).value_or(std::string(name)));
    }
  }
  return names;
}

bool SelectionMemo::fits(std::string_view stored_key, const FieldReader& read) {
  constexpr std::size_t bytes_kept_max = 256;
  if (stored_key.empty() || !read) {
    return stored_key.empty();
  }
  if (last_ != nullptr) {
    bool is_same = true;
    for (std::size_t i = 0; is_same && i < last_->names.size(); ++i) {
      is_same = read(last_->names[i]) == last_->values[i];
    }
    if (is_same) {
      return true;
    }
  }
  auto asked = std::make_unique<Remembered>();
  asked->names = names_of_key(stored_key);
  std::size_t bytes = 0;
  for (const std::string& name : asked->names) {
    asked->values.push_back(read(name));
    bytes += name.size() + asked->values.back().value_or("").size();
  }
  std::size_t next = 0;
  const FieldReader again = [&](std::string_view) { return asked->values[next++]; };
  const bool fits = secondary_key(asked->names, again) == stored_key;
  if (fits && bytes <= bytes_kept_max) {
    last_ = std::move(asked);
  }
  return fits;
}

bool selects(const Vary& vary, std::string_view stored_key, const FieldReader& read) {
  return !vary.any && secondary_key(vary.names, read) == stored_key;
}

}  // namespace larder::http
