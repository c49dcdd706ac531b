// The closed sets of words of larder.json as enums; vocabulary.def says what each word means.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/tiers.h"

namespace larder::config {

enum class Mode : std::uint8_t {
#define LARDER_MODE(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_modes = {
#define LARDER_MODE(word, meaning) Mode::word,
#include "config/vocabulary.def"
};
std::string_view to_text(Mode mode);

enum class Provider : std::uint8_t {
#define LARDER_PROVIDER(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_providers = {
#define LARDER_PROVIDER(word, meaning) Provider::word,
#include "config/vocabulary.def"
};
std::string_view to_text(Provider provider);

enum class ProviderQuery : std::uint8_t {
#define LARDER_PROVIDER_QUERY(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_provider_queries = {
#define LARDER_PROVIDER_QUERY(word, meaning) ProviderQuery::word,
#include "config/vocabulary.def"
};
std::string_view to_text(ProviderQuery query);

enum class Normaliser : std::uint8_t {
#define LARDER_NORMALISER(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_normalisers = {
#define LARDER_NORMALISER(word, meaning) Normaliser::word,
#include "config/vocabulary.def"
};
std::string_view to_text(Normaliser normaliser);

// Settings that a key may hold.
enum class KeySetting : std::uint8_t {
#define LARDER_KEY_SETTING(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_key_settings = {
#define LARDER_KEY_SETTING(word, meaning) KeySetting::word,
#include "config/vocabulary.def"
};
std::string_view to_text(KeySetting setting);

// Settings that a lifetime may be.
enum class DaysSetting : std::uint8_t {
#define LARDER_DAYS_SETTING(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_days_settings = {
#define LARDER_DAYS_SETTING(word, meaning) DaysSetting::word,
#include "config/vocabulary.def"
};
std::string_view to_text(DaysSetting setting);

// The words of a set, as they are written.
template <typename Word, std::size_t count>
std::vector<std::string_view> words_of(const std::array<Word, count>& set) {
  std::vector<std::string_view> words;
  for (const Word word : set) {
    words.push_back(to_text(word));
  }
  return words;
}

// The word of a set that is written as `text`.
template <typename Word, std::size_t count>
std::optional<Word> find_word(const std::array<Word, count>& set, std::string_view text) {
  for (const Word word : set) {
    if (to_text(word) == text) {
      return word;
    }
  }
  return std::nullopt;
}

}  // namespace larder::config
