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

std::string_view to_text(Provider provider) {
  switch (provider) {
#define LARDER_PROVIDER(word, meaning) \
  case Provider::word:                 \
    return #word;
#include "config/vocabulary.def"
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

std::string_view to_text(KeySetting setting) {
  switch (setting) {
#define LARDER_KEY_SETTING(word, meaning) \
  case KeySetting::word:                  \
    return #word;
#include "config/vocabulary.def"
  }
  LARDER_UNREACHABLE();
}

std::string_view to_text(DaysSetting setting) {
  switch (setting) {
#define LARDER_DAYS_SETTING(word, meaning) \
  case DaysSetting::word:                  \
    return #word;
#include "config/vocabulary.def"
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::config
