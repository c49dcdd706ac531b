#include "warm/times.h"

#include "base/text.h"

namespace larder::warm {

std::string to_interval(Millis duration) {
  const std::int64_t millis = duration.count() > 0 ? duration.count() : 0;
  const std::int64_t seconds = millis / 1000 + (millis % 1000 > 0 ? 1 : 0);
  std::string text = "PT";
  if (seconds >= 3600) {
    text += to_text(seconds / 3600) + "H";
  }
  if (seconds / 60 % 60 > 0) {
    text += to_text(seconds / 60 % 60) + "M";
  }
  if (seconds % 60 > 0 || seconds == 0) {
    text += to_text(seconds % 60) + "S";
  }
  return text;
}

}  // namespace larder::warm
