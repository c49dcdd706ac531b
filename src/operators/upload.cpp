#include "operators/upload.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/limits.h"
#include "engine/pause.h"
#include "host/operations.h"
#include "json/json_pieces.h"
#include "json/json_text.h"

namespace larder::operators {

namespace {

namespace limit = config::limit;

// A file as base64 takes a third more, and there is room for the other members.
constexpr std::uint64_t upload_bytes_max = (std::uint64_t{10} << 20) / 3 * 4 + 65'536;

http::Problem too_large_upload() {
  return http::Problem(413, concat({"The upload has more than ", to_text(upload_bytes_max),
                                    " bytes; a list may have 10 MB. Split it."}));
}

http::Problem no_memory() {
  return http::Problem(503, "There is no memory to read the upload at the moment; try again.");
}

bool is_form(host::Context here) {
  const auto content_type = here.host().request_header(here.request(), "content-type", 512);
  return content_type && to_lower(*content_type).starts_with("multipart/form-data");
}

using Names = std::vector<std::string_view>;

// What may stand beside the list in an upload.
Names list_options() { return {"maxDepth", "priority", "aggressiveness", "subjects"}; }
Names entry_options() { return {"resource", "concurrency", "qps", "priority"}; }

// A JSON object whose large members are taken out.
struct TakenApart : UploadFields {
  // In the order of the names that were asked for; nullopt: left out.
  std::vector<std::optional<std::string_view>> large;

  TakenApart() {}
};

// What stands for a large member, so that the object can be judged without it.
std::string_view stale_copy_of(std::string_view value) {
  switch (value.front()) {
    case '"':
      return "\"\"";
    case '[':
      return "[]";
    case '{':
      return "{}";
    default:
      return "0";
  }
}

// The object has the members `large`, which are taken out, and the scalars `options`.
Asked<TakenApart> take_apart(std::string_view json, const Names& large, const Names& options) {
  TakenApart taken;
  taken.large.resize(large.size());
  std::string rest = "{";
  json::JsonPieces members(json, json::JsonHolder::object);
  while (const auto member = members.next()) {
    std::string name(member->name);
    const bool plain = json::decode_json_string(name);
    const auto found = plain ? std::find(large.begin(), large.end(), name) : large.end();
    std::string_view value = member->value;
    if (found != large.end()) {
      taken.large[static_cast<std::size_t>(found - large.begin())] = value;
      value = stale_copy_of(value);
    }
    rest.append(rest.size() > 1 ? "," : "").append(member->name).append(":").append(value);
    if (rest.size() > limit::operator_body_bytes_max) {
      return tl::make_unexpected(
          http::Problem(413, concat({"Beside ", any_of(large), " the body may have ",
                                     to_text(std::uint64_t{limit::operator_body_bytes_max}), " bytes."})));
    }
  }
  const auto others = json::JsonText::parse(rest.append("}"));
  if (!others && others.error().kind == ErrorKind::unavailable) {
    return tl::make_unexpected(no_memory());
  }
  if (!members.complete() || !others) {
    return tl::make_unexpected(invalid_request("The body is no JSON object."));
  }
  Names known = large;
  known.insert(known.end(), options.begin(), options.end());
  Names scalars = options;
  scalars.emplace_back("csv");
  taken.faults = others->faults_of_members("", known, scalars);
  taken.fields = others->as_pairs();
  return taken;
}

// The bytes of a file, from the JSON string that it is in base64. nullopt: it is none.
std::optional<std::string> file_of(std::string token) {
  return json::decode_json_string(token) ? from_base64(token) : std::nullopt;
}

http::Problem no_base64() {
  return invalid_request("csv: this is no base64 (RFC 4648 §4); encode the file's bytes.");
}

}  // namespace

std::string_view UploadFields::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through, which
// a module may not have.
namespace uploads {

host::Task<Asked<Upload>> read_form(host::Context here) {
  auto form = co_await host::request_form(here, upload_bytes_max, config::millis_of(limit::upload_body_wait));
  if (!form && form.error().kind == ErrorKind::too_large) {
    co_return tl::make_unexpected(too_large_upload());
  }
  if (!form && form.error().kind == ErrorKind::invalid) {
    co_return tl::make_unexpected(
        invalid_request("This is no multipart/form-data that can be read; send it again."));
  }
  if (!form) {
    co_return tl::make_unexpected(unreadable_body(form.error(), Bytes(upload_bytes_max)));
  }
  if (form->file.empty()) {
    co_return tl::make_unexpected(
        invalid_request("file: this field is missing; attach the list as a file of that name."));
  }
  Upload upload;
  upload.file = here.host().read_body(form->file.handle(), form->file.size(), 0);
  upload.fields = std::move(form->fields);
  const Names options = list_options();
  for (const auto& field : upload.fields) {
    if (std::find(options.begin(), options.end(), field.first) == options.end()) {
      upload.faults.emplace_back(in_quotes(field.first),
                                 concat({"There is no such field; beside file there is ", any_of(options),
                                         ".", did_you_mean(field.first, options)}));
    }
  }
  co_return std::move(upload);
}

host::Task<Asked<std::string>> read_upload_text(host::Context here) {
  auto text = co_await read_json_text(here, Bytes(upload_bytes_max), limit::upload_body_wait);
  if (!text && text.error().status == 413) {
    co_return tl::make_unexpected(too_large_upload());
  }
  co_return std::move(text);
}

}  // namespace uploads

host::Task<Asked<Upload>> read_upload(host::Context here) {
  if (is_form(here)) {
    co_return co_await uploads::read_form(here);
  }
  auto text = co_await uploads::read_upload_text(here);
  if (!text) {
    co_return tl::make_unexpected(text.error());
  }
  auto taken = take_apart(*text, {"csv"}, list_options());
  if (!taken) {
    co_return tl::make_unexpected(taken.error());
  }
  if (!taken->faults.empty()) {
    co_return tl::make_unexpected(invalid_request(taken->faults));
  }
  const auto csv = taken->large.front();
  if (!csv || csv->front() != '"') {
    co_return tl::make_unexpected(
        invalid_request("csv: this member is missing; give the list's bytes as base64."));
  }
  // In the place of the whole text: there is no room for both.
  const auto begin = static_cast<std::size_t>(csv->data() - text->data());
  text->resize(begin + csv->size());
  text->erase(0, begin);
  auto file = file_of(std::move(*text));
  if (!file) {
    co_return tl::make_unexpected(no_base64());
  }
  Upload upload;
  upload.file = std::move(*file);
  upload.fields = std::move(taken->fields);
  co_return std::move(upload);
}

host::Task<std::optional<http::Problem>> read_entry_list(host::Context here, EntryList& list) {
  auto text = co_await uploads::read_upload_text(here);
  if (!text) {
    co_return text.error();
  }
  list.text = std::move(*text);
  auto taken = take_apart(list.text, {"items", "csv"}, entry_options());
  if (!taken) {
    co_return taken.error();
  }
  list.fields = std::move(taken->fields);
  list.faults = std::move(taken->faults);
  list.items = taken->large[0];
  if (const auto csv = taken->large[1]; csv && csv->front() == '"') {
    list.csv = file_of(std::string(*csv));
    if (!list.csv) {
      co_return no_base64();
    }
  }
  co_return std::nullopt;
}

host::Task<std::optional<host::Admission::Place>> wait_for_room(host::Context here,
                                                                const OperatorContext& context) {
  const auto length = here.host().request_header(here.request(), "content-length", 20);
  const auto announced = length ? parse_unsigned(*length) : std::nullopt;
  const Bytes expected(std::min(announced.value_or(upload_bytes_max), upload_bytes_max));
  const Instant end = here.host().now() + limit::upload_turn_patience;
  for (;;) {
    auto place = context.uploads.enter("", expected);
    if (place) {
      co_return std::move(*place);
    }
    if (here.host().now() >= end) {
      context.counters.add(observe::Counter::requests_crowded_out_total, to_text(place.error()));
      co_return std::nullopt;
    }
    co_await engine::pause_for(here, limit::upload_turn_pause);
  }
}

host::Outgoing no_room(host::Context here) {
  host::Outgoing outgoing = host::problem_answer(
      here.host(), http::Problem(503,
                                 "As many uploads as there is room for are at work already. Try again after "
                                 "the time in Retry-After."));
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

}  // namespace larder::operators
