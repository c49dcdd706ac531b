#include "config/vocabulary.h"

#include "base/assert.h"

namespace larder::config {

std::string_view to_text(Mode mode) {
  switch (mode) {
#define LARDER_MODE(word, meaning) \
  case Mode::word:                 \
    return #word;
#include "config/vocabulary.def"
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(SetCookie set_cookie) {
  switch (set_cookie) {
#define LARDER_SET_COOKIE(word, meaning) \
  case SetCookie::word:                  \
    return #word;
#include "config/vocabulary.def"
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Provider provider) {
  switch (provider) {
#define LARDER_PROVIDER(name, ...) \
  case Provider::name:             \
    return #name;
#include "config/providers.def"
#undef LARDER_PROVIDER
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(ProviderQuery query) {
  switch (query) {
#define LARDER_PROVIDER_QUERY(word, meaning) \
  case ProviderQuery::word:                  \
    return #word;
#include "config/vocabulary.def"
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(Normaliser normaliser) {
  switch (normaliser) {
#define LARDER_NORMALISER(word, meaning) \
  case Normaliser::word:                 \
    return #word;
#include "config/vocabulary.def"
  }
  LARDER_UNREACHABLE();
}

#define LARDER_SETTING(NAME, member, type, reader, default_text, change, role, use, purpose) \
  LARDER_USE_##use(NAME)
#define LARDER_USE_none(NAME)
#define LARDER_USE_lifetime(NAME)
#define LARDER_USE_key(NAME) \
  case KeySetting::NAME:     \
    return #NAME;
std::string_view to_text(KeySetting setting) {
  switch (setting) {
#include "config/settings.def"
  }
  LARDER_UNREACHABLE();
}

#undef LARDER_USE_key
#undef LARDER_USE_lifetime
#define LARDER_USE_key(NAME)
#define LARDER_USE_lifetime(NAME) \
  case DaysSetting::NAME:         \
    return #NAME;
std::string_view to_text(DaysSetting setting) {
  switch (setting) {
#include "config/settings.def"
  }
  LARDER_UNREACHABLE();
}

#undef LARDER_SETTING
#undef LARDER_USE_none
#undef LARDER_USE_key
#undef LARDER_USE_lifetime

}  // namespace larder::config
