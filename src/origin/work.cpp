#include "origin/work.h"

#include <utility>

namespace larder::origin {

namespace {

void write_text_if_any(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) {
    json.key(name).value(text);
  }
}

void write_ids(JsonWriter& json, const WorkIds& ids) {
  json.begin_object();
#define LARDER_WORK_ID(name, take) write_text_if_any(json, #name, ids.name);
#include "origin/work_ids.def"
  json.end_object();
}

void write_work(JsonWriter& json, const Work& work) {
  json.begin_object();
  json.key("title").value(work.title);
  write_text_if_any(json, "subtitle", work.subtitle);
  json.key("authors").texts(work.authors);
  json.key("isbn10").texts(work.isbn10);
  json.key("isbn13").texts(work.isbn13);
  if (work.first_publish_year) {
    json.key("firstPublishYear").value(*work.first_publish_year);
  }
  write_text_if_any(json, "coverUrl", work.cover_url);
  if (!work.subjects.empty()) {
    json.key("subjects").texts(work.subjects);
  }
  json.key("ids");
  write_ids(json, work.ids);
  json.end_object();
}

}  // namespace

void write_works(JsonWriter& json, const std::vector<Work>& works) {
  json.begin_array();
  for (const Work& work : works) {
    write_work(json, work);
  }
  json.end_array();
}

std::string books_reply(std::string_view query, std::string_view source, const std::vector<Work>& works) {
  JsonWriter json;
  json.begin_object();
  json.key("query").value(query).key("source").value(source).key("works");
  write_works(json, works);
  json.end_object();
  return std::move(json).take();
}

}  // namespace larder::origin
