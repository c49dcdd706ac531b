#include "config/overrides.h"

#include <algorithm>

#include "base/text.h"
#include "base/words.h"
#include "config/duration.h"
#include "config/limits.h"
#include "config/vocabulary.h"

namespace larder::config {

namespace {

// A reader and a writer for each type of value.
namespace kinds {

constexpr std::string_view source = "config";

Result<bool> read_boolean(std::string_view text) {
  if (text == "true" || text == "false") {
    return text == "true";
  }
  return fail(ErrorKind::invalid, source, concat({in_quotes(text), " is neither true nor false."}));
}
std::string write_boolean(bool value) { return value ? "true" : "false"; }

Result<Millis> read_duration(std::string_view text) { return parse_duration(text); }
std::string write_duration(Millis value) { return format_duration(value); }

Result<std::uint32_t> read_percent(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value < 1 || *value > 100) {
    return fail(ErrorKind::invalid, source, concat({in_quotes(text), " is no whole number from 1 to 100."}));
  }
  return static_cast<std::uint32_t>(*value);
}
std::string write_percent(std::uint32_t value) { return to_text(std::uint64_t{value}); }

Result<Bytes> read_bytes(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value > limit::body_bytes_max) {
    return fail(ErrorKind::invalid, source,
                concat({in_quotes(text), " is no number of bytes up to ",
                        to_text(std::uint64_t{limit::body_bytes_max}), "."}));
  }
  return Bytes(*value);
}
std::string write_bytes(Bytes value) { return to_text(value.count); }

Result<std::vector<Tier>> read_tier_list(std::string_view text) {
  std::vector<Tier> tiers;
  for (const std::string_view word : split(text, '+')) {
    const auto tier = find_word(all_tiers, word);
    if (!tier || std::find(tiers.begin(), tiers.end(), *tier) != tiers.end()) {
      return fail(ErrorKind::invalid, source,
                  concat({in_quotes(text), " is no list of tiers; write ", any_of(words_of(all_tiers)),
                          ", each at most once, with + between them."}));
    }
    tiers.push_back(*tier);
  }
  std::sort(tiers.begin(), tiers.end());
  return tiers;
}
std::string write_tier_list(const std::vector<Tier>& tiers) {
  std::vector<std::string> words;
  for (const Tier tier : tiers) {
    words.emplace_back(to_text(tier));
  }
  return join(words, "+");
}

}  // namespace kinds

Failure unknown_word(std::string_view word) {
  return fail(ErrorKind::invalid, kinds::source,
              concat({in_quotes(word), " cannot be overridden; use ", any_of(override_words()), ".",
                      did_you_mean(word, override_words())}));
}

bool is_name(std::string_view name) {
  const auto fits = [](char c) { return is_lower(c) || is_digit(c) || c == '-'; };
  return name == "*" || (!name.empty() && name.size() <= limit::resource_name_bytes_max &&
                         std::all_of(name.begin(), name.end(), fits));
}

}  // namespace

bool Overrides::empty() const { return *this == Overrides(); }

bool operator==(const Overrides& a, const Overrides& b) {
  bool same = true;
#define LARDER_OVERRIDE(word, member, type, reader, purpose) same = same && a.member == b.member;
#include "config/overrides.def"
  return same;
}

const std::vector<std::string_view>& override_words() {
  static const std::vector<std::string_view> words = {
#define LARDER_OVERRIDE(word, member, type, reader, purpose) #word,
#include "config/overrides.def"
  };
  return words;
}

Result<void> set_override(Overrides& overrides, std::string_view word, std::string_view text) {
#define LARDER_OVERRIDE(name, member, type, reader, purpose) \
  if (word == #name) {                                       \
    auto value = kinds::read_##reader(text);                 \
    if (!value) {                                            \
      return tl::make_unexpected(std::move(value.error()));  \
    }                                                        \
    overrides.member = std::move(*value);                    \
    return {};                                               \
  }
#include "config/overrides.def"
  return unknown_word(word);
}

void clear_override(Overrides& overrides, std::string_view word) {
#define LARDER_OVERRIDE(name, member, type, reader, purpose) \
  if (word == #name) {                                       \
    overrides.member.reset();                                \
  }
#include "config/overrides.def"
}

TextPairs texts_of(const Overrides& overrides) {
  TextPairs texts;
#define LARDER_OVERRIDE(word, member, type, reader, purpose)             \
  if (overrides.member) {                                                \
    texts.emplace_back(#word, kinds::write_##reader(*overrides.member)); \
  }
#include "config/overrides.def"
  return texts;
}

Overrides merged(const Overrides& under, const Overrides& over) {
  Overrides both = under;
#define LARDER_OVERRIDE(word, member, type, reader, purpose) \
  if (over.member) {                                         \
    both.member = over.member;                               \
  }
#include "config/overrides.def"
  return both;
}

Result<OverrideList> OverrideList::parse(std::string_view text) {
  OverrideList list;
  for (const std::string_view piece : split(text, ',')) {
    const std::string_view one = trim(piece);
    if (one.empty() && trim(text).empty()) {
      continue;
    }
    const std::size_t equals = one.find('=');
    const std::size_t dot = one.find('.');
    const std::string_view name = trim(one.substr(0, dot));
    if (equals == std::string_view::npos || dot == std::string_view::npos || dot > equals || !is_name(name)) {
      return fail(ErrorKind::invalid, kinds::source,
                  concat({in_quotes(one),
                          " is no override; write title.ttl=12h, or *.cached=false for every "
                          "resource, with commas between them."}));
    }
    Overrides overrides = list.said_of(name);
    if (auto set = set_override(overrides, trim(one.substr(dot + 1, equals - dot - 1)),
                                trim(one.substr(equals + 1)));
        !set) {
      set.error().message = concat({in_quotes(one), ": ", set.error().message});
      return tl::make_unexpected(std::move(set.error()));
    }
    list.say(name, std::move(overrides));
  }
  return list;
}

Overrides OverrideList::of(std::string_view resource) const {
  return merged(said_of("*"), said_of(resource));
}

Overrides OverrideList::said_of(std::string_view name) const {
  for (const Item& item : items_) {
    if (item.name == name) {
      return item.overrides;
    }
  }
  return Overrides();
}

void OverrideList::say(std::string_view name, Overrides overrides) {
  const auto found =
      std::find_if(items_.begin(), items_.end(), [name](const Item& item) { return item.name == name; });
  if (found != items_.end()) {
    items_.erase(found);
  }
  if (!overrides.empty()) {
    items_.emplace_back(std::string(name), std::move(overrides));
  }
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.name < b.name; });
}

std::string OverrideList::text() const {
  std::vector<std::string> pieces;
  for (const Item& item : items_) {
    for (const auto& [word, text] : texts_of(item.overrides)) {
      pieces.push_back(concat({item.name, ".", word, "=", text}));
    }
  }
  return join(pieces, ", ");
}

}  // namespace larder::config
