// The closed sets of words of larder.json as enums, made of vocabulary.def, providers.def and settings.def.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "base/words.h"
#include "config/tiers.h"

namespace larder::config {

// This room's to_text() functions stand beside base's for numbers.
using larder::to_text;

enum class Mode : std::uint8_t {
#define LARDER_MODE(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_modes = {
#define LARDER_MODE(word, meaning) Mode::word,
#include "config/vocabulary.def"
};
std::string_view to_text(Mode mode);

// What becomes of an answer that sets a cookie (mode http).
enum class SetCookie : std::uint8_t {
#define LARDER_SET_COOKIE(word, meaning) word,
#include "config/vocabulary.def"
};
inline constexpr std::array all_set_cookies = {
#define LARDER_SET_COOKIE(word, meaning) SetCookie::word,
#include "config/vocabulary.def"
};
std::string_view to_text(SetCookie set_cookie);

// The origins of books, in the order of providers.def.
enum class Provider : std::uint8_t {
#define LARDER_PROVIDER(name, ...) name,
#include "config/providers.def"
#undef LARDER_PROVIDER
};
inline constexpr std::array all_providers = {
#define LARDER_PROVIDER(name, ...) Provider::name,
#include "config/providers.def"
#undef LARDER_PROVIDER
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

// Settings that a key may hold: rows of settings.def whose use is `key`.
#define LARDER_USE_none(word)
#define LARDER_USE_key(word) word,
#define LARDER_USE_lifetime(word)
enum class KeySetting : std::uint8_t {
#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  LARDER_USE_##use(NAME)
#include "config/settings.def"
};
#undef LARDER_USE_key
#define LARDER_USE_key(word) KeySetting::word,
inline constexpr std::array all_key_settings = {
#include "config/settings.def"
};
#undef LARDER_USE_key
std::string_view to_text(KeySetting setting);

// Settings that a lifetime may be: rows of settings.def whose use is `lifetime`.
#define LARDER_USE_key(word)
#undef LARDER_USE_lifetime
#define LARDER_USE_lifetime(word) word,
enum class DaysSetting : std::uint8_t {
#include "config/settings.def"
};
#undef LARDER_USE_lifetime
#define LARDER_USE_lifetime(word) DaysSetting::word,
inline constexpr std::array all_days_settings = {
#include "config/settings.def"
};
#undef LARDER_SETTING
#undef LARDER_USE_none
#undef LARDER_USE_key
#undef LARDER_USE_lifetime
std::string_view to_text(DaysSetting setting);

}  // namespace larder::config
