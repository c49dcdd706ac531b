#include "support/operators_objects.h"

#include <algorithm>

#include "base/json_writer.h"
#include "simdjson.h"

namespace larder::sim {

namespace {

namespace dom = simdjson::dom;

// What the core sends is right: a fault in it is a fault of the test.
template <typename T>
T member(dom::element object, std::string_view name) {
  T value{};
  const auto error = object[name].get(value);
  LARDER_ASSERT(error == simdjson::SUCCESS);
  return value;
}

std::string text_of(dom::element object, std::string_view name) {
  return std::string(member<std::string_view>(object, name));
}

ObjectReply answered(std::string result) {
  ObjectReply reply;
  reply.result = std::move(result);
  return reply;
}

void write_audit_row(JsonWriter& json, const SimulatedAudit::Row& row, std::size_t id) {
  json.begin_object().key("id").value(id).key("kind").value(row.kind).key("at").value(row.at);
  json.key("subject").value(row.subject).key("role").value(row.role).key("address").value(row.address);
  json.key("method").value(row.method).key("path").value(row.path).key("note").value(row.note);
  json.key("status").value(row.status).key("request_id").value(row.request_id);
  json.key("count").value(row.count).end_object();
}

}  // namespace

void SimulatedAudit::add(Row row) {
  const auto same = std::find_if(rows.begin(), rows.end(), [&](const Row& one) {
    return one.kind == "refusal" && row.kind == "refusal" && one.at == row.at && one.address == row.address &&
           one.subject == row.subject && one.status == row.status;
  });
  if (same != rows.end()) {
    same->count += row.count;
  } else {
    rows.push_back(std::move(row));
  }
}

ObjectReply SimulatedAudit::call(Instant, const std::string&, const std::string& method,
                                 const std::string& argument) {
  dom::parser parser;
  const simdjson::padded_string text(argument);
  dom::element root;
  LARDER_ASSERT(parser.parse(text).get(root) == simdjson::SUCCESS);
  if (method == "add") {
    dom::array sent;
    LARDER_ASSERT(root.get(sent) == simdjson::SUCCESS);
    for (const dom::element one : sent) {
      Row row;
      row.kind = text_of(one, "kind");
      row.at = member<std::int64_t>(one, "at");
      row.subject = text_of(one, "subject");
      row.role = text_of(one, "role");
      row.address = text_of(one, "address");
      row.method = text_of(one, "method");
      row.path = text_of(one, "path");
      row.note = text_of(one, "note");
      row.status = member<std::uint64_t>(one, "status");
      row.request_id = text_of(one, "request_id");
      row.count = member<std::uint64_t>(one, "count");
      add(std::move(row));
    }
    return answered("{}");
  }
  LARDER_ASSERT(method == "list");
  const auto since = member<std::int64_t>(root, "since");
  const auto before = member<std::uint64_t>(root, "before");
  const auto count_max = member<std::uint64_t>(root, "count_max");
  JsonWriter json;
  json.begin_object().key("rows").begin_array();
  std::uint64_t listed = 0;
  std::uint64_t next = 0;
  for (std::size_t id = before == 0 ? rows.size() : before - 1; id > 0; --id) {
    if (rows[id - 1].at < since) {
      continue;
    }
    if (listed == count_max) {
      next = id + 1;
      break;
    }
    ++listed;
    write_audit_row(json, rows[id - 1], id);
  }
  json.end_array().key("next").value(next).end_object();
  return answered(json.text());
}

void add_operators_objects(World& world) {
  world.objects.try_emplace("AUDIT", std::make_shared<SimulatedAudit>());
}

SimulatedAudit& audit_of(World& world) { return static_cast<SimulatedAudit&>(*world.objects.at("AUDIT")); }

}  // namespace larder::sim
