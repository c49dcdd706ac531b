// /api/warming: lists of books and of entries come in, their jobs are shown, cancelled and replayed.
#include <algorithm>
#include <set>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "booklist/book_list.h"
#include "booklist/csv.h"
#include "booklist/warming_plan.h"
#include "config/limits.h"
#include "host/operations.h"
#include "json/json_pieces.h"
#include "json/json_text.h"
#include "operators/handlers.h"
#include "operators/list_columns.h"
#include "operators/request.h"
#include "operators/upload.h"
#include "warm/times.h"

namespace larder::operators {

namespace {

host::Outgoing warming_problem(host::Context here, int status, std::string detail) {
  return host::problem_answer(here.host(), http::Problem(status, std::move(detail)));
}

// What the jobs' object, the queue or the list says, as the client is told.
host::Outgoing warming_failure(host::Context here, const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return warming_problem(here, 404, error.message);
    case ErrorKind::invalid:
      return warming_problem(here, 400, error.message);
    case ErrorKind::unsupported:
      return warming_problem(here, 503, error.message);
    case ErrorKind::too_large:
      return warming_problem(here, 413, error.message);
    case ErrorKind::timeout:
    case ErrorKind::unavailable:
    case ErrorKind::rejected:
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      break;
  }
  host::Outgoing outgoing =
      warming_problem(here, 503, "The jobs cannot be reached at the moment; try again.");
  outgoing.answer.headers.emplace_back("retry-after", "5");
  return outgoing;
}

// A whole number among the fields; `otherwise` where it is not given.
std::optional<std::uint32_t> number_field(const UploadFields& upload, std::string_view name,
                                          std::uint64_t least, std::uint64_t most, std::uint64_t otherwise,
                                          Faults& faults) {
  const std::string_view text = trim(upload.field(name));
  const auto number = text.empty() ? std::optional<std::uint64_t>(otherwise) : parse_unsigned(text);
  if (!number || *number < least || *number > most) {
    faults.emplace_back(std::string(name), concat({"This must be a whole number from ", to_text(least),
                                                   " to ", to_text(most), "."}));
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number);
}

void read_priority(const UploadFields& upload, warm::JobOptions& options, Faults& faults) {
  const std::string_view text = trim(upload.field("priority"));
  if (!text.empty() && text != "normal" && text != "high") {
    faults.emplace_back("priority", "This must be \"normal\" or \"high\".");
  }
  options.priority = text == "high" ? warm::Priority::high : warm::Priority::normal;
}

warm::JobOptions read_list_options(const UploadFields& upload, booklist::Aggressiveness& aggressiveness,
                                   Faults& faults) {
  warm::JobOptions options;
  options.depth_max = number_field(upload, "maxDepth", 1, booklist::warming_depth_max, 2, faults).value_or(1);
  read_priority(upload, options, faults);
  const std::string_view zeal = trim(upload.field("aggressiveness"));
  const auto found = booklist::find_aggressiveness(zeal.empty() ? std::string_view("normal") : zeal);
  if (!found) {
    faults.emplace_back("aggressiveness", "This must be \"gentle\", \"normal\" or \"eager\".");
  }
  aggressiveness = found.value_or(booklist::Aggressiveness::normal);
  options.aggressiveness = std::string(booklist::to_text(aggressiveness));
  const std::string_view subjects = trim(upload.field("subjects"));
  if (!subjects.empty() && subjects != "true" && subjects != "false") {
    faults.emplace_back("subjects", "This must be true or false.");
  }
  options.by_subject = subjects == "true";
  return options;
}

// The same list with the same wishes has the same name.
std::string digest_of(host::Context here, std::string_view list, const warm::JobOptions& options) {
  const std::string wishes = concat({to_text(std::uint64_t{options.depth_max}), " ", options.aggressiveness,
                                     " ", options.by_subject ? "subjects" : "", " ", options.resource, "\n"});
  return to_hex(here.host().sha256(wishes + here.host().sha256(list)));
}

// The answer to an upload, and what it leaves to be done behind it.
host::Task<host::Outgoing> open_job(host::Context here, const OperatorContext& context, Call& call,
                                    warm::JobPlan plan, std::string counts) {
  const std::size_t items = plan.items.size();
  const auto opened = co_await context.warming.open(here, plan);
  if (!opened) {
    co_return warming_failure(here, opened.error());
  }
  if (opened->state == warm::OpenState::full) {
    const std::uint64_t over = opened->pending + items > context.settings.warming_pending_max
                                   ? opened->pending + items - context.settings.warming_pending_max
                                   : 1;
    const std::uint64_t wait = std::clamp<std::uint64_t>(over, 30, 3600);
    call.note = "refused a list: too many authors wait";
    host::Outgoing outgoing = warming_problem(
        here, 429,
        concat({to_text(opened->pending), " authors wait already, and this list has ",
                to_text(std::uint64_t{items}), "; at most ",
                to_text(std::uint64_t{context.settings.warming_pending_max}),
                " may wait (WARMING_PENDING_MAX). Nothing was queued. Upload it again later."}));
    outgoing.answer.headers.emplace_back("retry-after", to_text(wait));
    co_return outgoing;
  }
  const bool created = opened->state == warm::OpenState::created;
  call.note = concat({created ? "opened job " : "found at work job ", opened->job_id, ", ",
                      to_text(std::uint64_t{items}), " items"});
  JsonWriter json;
  json.begin_object().key("jobId").value(opened->job_id).key("created").value(created);
  json.key("authorsQueued").value(created ? items : 0);
  json.key("estimatedWorks").value(opened->works_estimated);
  json.key("estimatedDuration").value(warm::to_interval(opened->time_estimated));
  json.key("job").raw(opened->job);
  if (!counts.empty()) {
    json.key("list").raw(counts);
  }
  json.end_object();
  host::Outgoing outgoing = host::json_answer(here.host(), created ? 202 : 200, json.text());
  outgoing.answer.headers.emplace_back("location", "/api/warming/jobs/" + opened->job_id);
  if (created) {
    const auto left = std::make_shared<const warm::JobPlan>(std::move(plan));
    call.afterwards = [&warming = context.warming, id = opened->job_id, left](host::Context later) {
      return warming.send(later, id, *left);
    };
  }
  co_return outgoing;
}

std::string counts_of(const UnderstoodList& understood) {
  const booklist::BookList& list = understood.list;
  const booklist::ListCounts& counts = list.counts;
  JsonWriter json;
  json.begin_object().key("understood").raw(understood.how);
  json.key("books").value(list.books.size()).key("authors").value(list.authors.size());
  json.key("rows").value(counts.rows).key("rowsRagged").value(counts.rows_ragged);
  json.key("rowsWithoutAuthor")
      .value(counts.rows_without_author)
      .key("rowsRepeated")
      .value(counts.rows_repeated);
  json.key("rowsJoined").value(counts.rows_joined).key("rowsLeftOut").value(counts.rows_left_out);
  json.key("strayQuotes").value(counts.stray_quotes).key("fieldsRepaired").value(counts.fields_repaired);
  json.key("isbnsRecovered").value(counts.isbns_recovered).key("isbnsLost").value(counts.isbns_lost);
  json.key("encoding").value(booklist::to_text(list.encoding)).end_object();
  return std::move(json).take();
}

}  // namespace

host::Task<host::Outgoing> upload_list(host::Context here, const OperatorContext& context, Call& call) {
  const auto place = co_await wait_for_room(here, context);
  if (!place) {
    co_return no_room(here);
  }
  auto upload = co_await read_upload(here);
  if (!upload) {
    co_return host::problem_answer(here.host(), upload.error());
  }
  Faults faults = std::move(upload->faults);
  booklist::Aggressiveness aggressiveness = booklist::Aggressiveness::normal;
  warm::JobPlan plan;
  plan.options = read_list_options(*upload, aggressiveness, faults);
  if (plan.options.by_subject &&
      context.warming.writer().resource_for(config::ProviderQuery::subject) == nullptr) {
    faults.emplace_back("subjects",
                        "larder.json declares no resource that looks books up by subject; add one with "
                        "\"origin\": {\"provider\": \"openlibrary\", \"query\": \"subject\"}.");
  }
  if (!faults.empty()) {
    co_return host::problem_answer(here.host(), invalid_request(faults));
  }
  const auto understood = co_await understand_list(here, context, upload->file);
  if (!understood) {
    const int status = understood.error().kind == ErrorKind::too_large ? 413 : 400;
    co_return warming_problem(here, status, understood.error().message);
  }
  const booklist::BookList& list = understood->list;
  const auto planned = booklist::plan_warming(list, plan.options.depth_max, aggressiveness);
  if (!planned) {
    co_return warming_problem(here, 400, planned.error().message);
  }
  for (const booklist::PlannedAuthor& author : *planned) {
    const booklist::ListAuthor& named = list.authors[author.author];
    warm::Item item;
    item.key = named.normal;
    item.name = named.display;
    item.depth = 1;
    item.depth_max = author.depth;
    item.source = warm::Source::csv;
    plan.items.push_back(std::move(item));
  }
  plan.digest = digest_of(here, upload->file, plan.options);
  std::string counts = counts_of(*understood);
  co_return co_await open_job(here, context, call, std::move(plan), std::move(counts));
}

namespace {

std::string object_of(const TextPairs& fields) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : fields) {
    json.key(name).value(value);
  }
  return json.end_object().text();
}

// The fields of an item: texts, and JSON for what the resource reads from a body.
TextPairs fields_of(const json::JsonText& item, const config::Resource* resource) {
  TextPairs fields = item.as_pairs();
  if (resource == nullptr) {
    return fields;
  }
  for (const config::KeyField& field : resource->key) {
    const auto member = config::is_of_body(field.source) ? item.find(field.name) : std::nullopt;
    if (!member) {
      continue;
    }
    fields.erase(std::remove_if(fields.begin(), fields.end(),
                                [&](const auto& one) { return one.first == field.name; }),
                 fields.end());
    fields.emplace_back(field.name, member->json());
  }
  return fields;
}

// What an item may name: the resource's key fields, or anything where the whole query is one.
std::vector<std::string_view> item_members(const config::Resource& resource) {
  std::vector<std::string_view> names;
  for (const config::KeyField& field : resource.key) {
    if (field.source == config::FieldSource::whole_query) {
      return {};
    }
    if (field.source != config::FieldSource::setting) {
      names.push_back(field.name);
    }
  }
  return names;
}

http::Problem too_many_items() { return http::Problem(413, "The list has too many items; split it."); }

// The items of a pre-warming list: objects, or rows of a CSV file whose header names the fields.
Asked<std::vector<TextPairs>> read_entries(const EntryList& list, const config::Resource* resource,
                                           Faults& faults) {
  const std::size_t items_max = booklist::ListLimits().rows_max;
  std::vector<TextPairs> entries;
  const auto known = resource == nullptr ? std::vector<std::string_view>() : item_members(*resource);
  if (list.items) {
    json::JsonPieces items(*list.items, json::JsonHolder::array);
    while (const auto item = items.next()) {
      const std::string path = concat({"items[", to_text(std::uint64_t{entries.size()}), "]"});
      const auto json = json::JsonText::parse(item->value);
      if (!json) {
        return tl::make_unexpected(invalid_request(concat({path, ": ", json.error().message})));
      }
      if (entries.size() == items_max) {
        return tl::make_unexpected(too_many_items());
      }
      const auto wrong = known.empty() ? Faults() : json->faults_of_members(path, known);
      if (faults.size() < config::limit::declaration_faults_max) {
        faults.insert(faults.end(), wrong.begin(), wrong.end());
      }
      entries.push_back(fields_of(*json, resource));
    }
    if (!items.complete()) {
      return tl::make_unexpected(invalid_request("items: this is no JSON array of objects."));
    }
  }
  if (!list.csv) {
    return entries;
  }
  const booklist::ListLimits limits;
  const auto text = booklist::read_csv_text(*list.csv, limits);
  if (!text) {
    return tl::make_unexpected(invalid_request("csv: " + text.error().message));
  }
  booklist::CsvReader reader(text->text(), booklist::tell_csv_layout(text->text()), limits);
  std::vector<std::string> names;
  for (;;) {
    const auto row = reader.next();
    if (!row) {
      return tl::make_unexpected(invalid_request("csv: " + row.error().message));
    }
    if (!*row) {
      return entries;
    }
    TextPairs entry;
    for (std::size_t i = 0; i < reader.size(); ++i) {
      if (reader.rows() == 1) {
        names.emplace_back(trim(reader.field(i)));
      } else if (i < names.size() && !reader.field(i).empty()) {
        entry.emplace_back(names[i], std::string(reader.field(i)));
      }
    }
    if (reader.rows() > 1 && entries.size() == items_max) {
      return tl::make_unexpected(too_many_items());
    }
    if (reader.rows() > 1) {
      entries.push_back(std::move(entry));
    }
  }
}

}  // namespace

host::Task<host::Outgoing> prewarm_entries(host::Context here, const OperatorContext& context, Call& call) {
  const auto place = co_await wait_for_room(here, context);
  if (!place) {
    co_return no_room(here);
  }
  EntryList list;
  const auto refused = co_await read_entry_list(here, list);
  if (refused) {
    co_return host::problem_answer(here.host(), *refused);
  }
  Faults faults = list.faults;
  warm::JobPlan plan;
  plan.options.resource = std::string(list.field("resource"));
  plan.options.requests_at_once = number_field(list, "concurrency", 1, 20, 3, faults).value_or(3);
  plan.options.requests_per_second = number_field(list, "qps", 1, 100, 1, faults).value_or(1);
  read_priority(list, plan.options, faults);
  const config::Resource* const resource = context.warming.writer().find_resource(plan.options.resource);
  if (resource == nullptr) {
    faults.emplace_back("resource", "Name a resource that larder.json declares.");
  }
  const auto entries = read_entries(list, resource, faults);
  if (!entries) {
    co_return host::problem_answer(here.host(), entries.error());
  }
  if (entries->empty()) {
    faults.emplace_back(
        "items", "Give at least one: items as objects of the resource's key fields, or csv as base64.");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; resource != nullptr && i < entries->size(); ++i) {
    const auto query = context.warming.writer().query_of(here.host(), *resource, (*entries)[i]);
    if (!query) {
      if (faults.size() < config::limit::declaration_faults_max) {
        faults.emplace_back(concat({"items[", to_text(std::uint64_t{i}), "]"}), query.error().message);
      }
    } else if (seen.insert(query->key.storage_name).second) {
      warm::Item item;
      item.key = query->key.storage_name;
      item.name = object_of((*entries)[i]);
      plan.items.push_back(std::move(item));
    }
  }
  if (!faults.empty()) {
    co_return host::problem_answer(here.host(), invalid_request(faults));
  }
  plan.digest = digest_of(here, list.text, plan.options);
  co_return co_await open_job(here, context, call, std::move(plan), "");
}

host::Task<host::Outgoing> list_jobs(host::Context here, const OperatorContext& context, Call& call) {
  const auto cursor = number_parameter(call, "cursor", 0, INT64_MAX, 0);
  if (!cursor) {
    co_return host::problem_answer(here.host(), cursor.error());
  }
  const auto jobs = co_await context.warming.jobs(here, *cursor);
  if (!jobs) {
    co_return warming_failure(here, jobs.error());
  }
  co_return host::json_answer(here.host(), 200, *jobs);
}

host::Task<host::Outgoing> show_job(host::Context here, const OperatorContext& context, Call& call) {
  const auto job = co_await context.warming.job(here, std::string(call.parameter("id")));
  if (!job) {
    co_return warming_failure(here, job.error());
  }
  co_return host::json_answer(here.host(), 200, *job);
}

host::Task<host::Outgoing> cancel_job(host::Context here, const OperatorContext& context, Call& call) {
  const std::string id(call.parameter("id"));
  call.note = concat({"cancelled or removed job ", id});
  const auto cancelled = co_await context.warming.cancel(here, id);
  if (!cancelled) {
    co_return warming_failure(here, cancelled.error());
  }
  co_return host::json_answer(here.host(), 200, *cancelled);
}

host::Task<host::Outgoing> list_dead_letters(host::Context here, const OperatorContext& context, Call& call) {
  const auto cursor = number_parameter(call, "cursor", 0, INT64_MAX, 0);
  if (!cursor) {
    co_return host::problem_answer(here.host(), cursor.error());
  }
  const auto letters = co_await context.warming.dead_letters(here, *cursor);
  if (!letters) {
    co_return warming_failure(here, letters.error());
  }
  co_return host::json_answer(here.host(), 200, *letters);
}

host::Task<host::Outgoing> replay_dead_letters(host::Context here, const OperatorContext& context,
                                               Call& call) {
  const auto body = co_await host::request_body(here, config::limit::operator_body_bytes_max,
                                                config::millis_of(config::limit::request_body_wait));
  if (!body) {
    const http::Problem problem =
        unreadable_body(body.error(), Bytes(config::limit::operator_body_bytes_max));
    co_return host::problem_answer(here.host(), problem);
  }
  std::vector<std::uint64_t> ids;
  const std::string text = here.host().read_body(body->content.handle(), body->content.size(), 0);
  if (!trim(text).empty()) {
    const auto json = json::JsonText::parse(text);
    const bool is_list = json && json->find("ids") && json->find("ids")->is_array();
    if (!is_list) {
      co_return host::problem_answer(
          here.host(),
          invalid_request("Send {\"ids\": [1, 2]} for some dead letters, or no body for the oldest."));
    }
    const Faults faults = json->faults_of_members("", {"ids"});
    if (!faults.empty()) {
      co_return host::problem_answer(here.host(), invalid_request(faults));
    }
    for (const json::JsonText& id : json->items("ids")) {
      const auto number = id.as_number();
      if (!number) {
        co_return host::problem_answer(here.host(),
                                       invalid_request("ids: these must be the numbers of dead letters."));
      }
      ids.push_back(*number);
    }
    if (ids.empty()) {
      co_return host::problem_answer(here.host(), invalid_request("ids: name at least one dead letter."));
    }
  }
  const auto replayed = co_await context.warming.replay(here, std::move(ids));
  if (!replayed) {
    co_return warming_failure(here, replayed.error());
  }
  call.note = concat({"replayed dead letters: ", *replayed});
  co_return host::json_answer(here.host(), 200, *replayed);
}

}  // namespace larder::operators
