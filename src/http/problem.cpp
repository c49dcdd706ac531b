#include "http/problem.h"

#include "base/assert.h"
#include "base/json_writer.h"
#include "http/status.h"

namespace larder::http {

namespace {

bool is_standard_member(std::string_view name) {
  return name == "type" || name == "title" || name == "status" || name == "detail" || name == "instance";
}

}  // namespace

std::string problem_body(const Problem& problem) {
  JsonWriter json;
  json.begin_object();
  json.key("type").value(problem.type);
  json.key("title").value(problem.title.empty() ? reason_phrase(problem.status)
                                                : std::string_view(problem.title));
  json.key("status").value(problem.status);
  if (!problem.detail.empty()) {
    json.key("detail").value(problem.detail);
  }
  for (const auto& [name, text] : problem.extensions) {
    LARDER_ASSERT(!is_standard_member(name));
    json.key(name).value(text);
  }
  json.end_object();
  return std::move(json).take();
}

}  // namespace larder::http
