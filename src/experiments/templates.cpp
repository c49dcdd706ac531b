#include "experiments/templates.h"

#include <array>

#include "base/faults.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace larder::experiments {

namespace {

struct Template {
  std::string_view name;
  // All of a declaration but its braces and "resources".
  std::string_view members;
};

// What caching is worth: a twentieth of the keys goes without. Its answer is the effects of "uncached"; that
// it does harm, and so ends the experiment, is what is expected.
constexpr std::array templates = {Template{
    "cached-against-uncached",
    R"("name":"cached-against-uncached","hypothesis":"Answers from cache come sooner, and spare the origin.","variants":[{"name":"cached","share":95},{"name":"uncached","share":5,"overrides":{"cached":false}}],"primary":{"metric":"latency_mean","smallestEffect":1},"duration":"14d","promotion":"manual")"}};

}  // namespace

std::vector<std::string_view> template_names() {
  std::vector<std::string_view> names;
  for (const Template& one : templates) {
    names.push_back(one.name);
  }
  return names;
}

Result<std::string> from_template(std::string_view name, const std::vector<std::string>& resources) {
  for (const Template& one : templates) {
    if (one.name == name) {
      JsonWriter json;
      json.texts(resources);
      return concat({"{", one.members, ",\"resources\":", json.text(), "}"});
    }
  }
  return fail(ErrorKind::invalid, "experiments",
              concat({"template: ", in_quotes(name), " is not offered; use ", any_of(template_names()), ".",
                      did_you_mean(name, template_names())}));
}

}  // namespace larder::experiments
