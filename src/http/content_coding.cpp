#include "http/content_coding.h"

#include "base/text.h"
#include "http/syntax.h"

namespace larder::http {

std::vector<std::string> content_codings(std::string_view value) {
  std::vector<std::string> codings;
  for (const std::string_view element : list_elements(value)) {
    std::string coding = to_lower(element);
    if (coding == "x-gzip") {
      coding = "gzip";
    }
    if (coding != "identity") {
      codings.push_back(std::move(coding));
    }
  }
  return codings;
}

}  // namespace larder::http
