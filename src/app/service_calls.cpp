#include "app/service_calls.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/faults.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "http/path.h"
#include "json/json_text.h"

namespace larder::app {

namespace {

// The host is ignored: resources are matched by their paths.
constexpr std::string_view origin_of_calls = "https://larder.internal";

constexpr std::array call_rows = {
#define LARDER_CALL(name, method, path, question, purpose) \
  CallRow(#name, http::Method::method, path, CallQuestion::question),
#include "app/calls.def"
};

Failure refuse(std::string message) { return fail(ErrorKind::invalid, "call", std::move(message)); }

using Members = std::vector<std::pair<std::string, json::JsonText>>;

// The members of an object that are not null.
Members given_members(const json::JsonText& object) {
  Members members = object.as_members();
  members.erase(std::remove_if(members.begin(), members.end(),
                               [](const auto& member) { return member.second.is_null(); }),
                members.end());
  return members;
}

const config::KeyField* field_named(const config::Resource& resource, std::string_view name) {
  const auto found =
      std::find_if(resource.key.begin(), resource.key.end(), [&](const config::KeyField& field) {
        return field.name == name && field.source != config::FieldSource::setting &&
               field.source != config::FieldSource::whole_query;
      });
  return found == resource.key.end() ? nullptr : &*found;
}

bool is_of_path(const config::Resource& resource, std::string_view name) {
  return std::any_of(resource.match.segments.begin(), resource.match.segments.end(),
                     [&](const config::Segment& segment) {
                       return segment.kind != config::SegmentKind::literal && segment.text == name;
                     });
}

enum class Place : std::uint8_t { path, query, header, body, whole_body };

// Where in the request a field goes.
Place place_of(const config::Resource& resource, std::string_view name) {
  if (is_of_path(resource, name)) {
    return Place::path;
  }
  const Place otherwise = resource.match.method == http::Method::post ? Place::body : Place::query;
  const config::KeyField* const field = field_named(resource, name);
  if (field == nullptr) {
    return otherwise;
  }
  switch (field->source) {
    case config::FieldSource::query:
    case config::FieldSource::whole_query:
      return Place::query;
    case config::FieldSource::path:
    case config::FieldSource::rest:
      return Place::path;
    case config::FieldSource::header:
      return Place::header;
    case config::FieldSource::body:
      return Place::body;
    case config::FieldSource::whole_body:
      return Place::whole_body;
    case config::FieldSource::setting:
      return otherwise;
  }
  LARDER_UNREACHABLE();
}

// Whether the resource takes fields that its key does not name.
bool takes_others(const config::Resource& resource) {
  return resource.match.method == http::Method::post ||
         std::any_of(resource.key.begin(), resource.key.end(), [](const config::KeyField& field) {
           return field.source == config::FieldSource::whole_query;
         });
}

Result<std::string> path_of(const config::Resource& resource, const Members& members) {
  std::string path;
  for (const config::Segment& segment : resource.match.segments) {
    path += "/";
    if (segment.kind == config::SegmentKind::literal) {
      path += percent_encode(segment.text);
      continue;
    }
    const auto member = std::find_if(members.begin(), members.end(),
                                     [&](const auto& one) { return one.first == segment.text; });
    const auto value = member == members.end() ? std::nullopt : member->second.as_scalar();
    if (!value) {
      return refuse(concat({"fields.", segment.text, ": this field is a part of the path; give it."}));
    }
    if (segment.kind == config::SegmentKind::parameter) {
      auto part = http::path_segment(*value);
      if (!part) {
        return refuse(concat({"fields.", segment.text, ": ", part.error().message}));
      }
      path += *part;
      continue;
    }
    std::vector<std::string> parts;
    for (const std::string_view part : split(*value, '/')) {
      parts.push_back(percent_encode(part));
    }
    path += join(parts, "/");
  }
  if (http::has_dot_segment(path)) {
    return refuse("fields: the path has a \".\" or \"..\" segment; write where it leads.");
  }
  return path;
}

Faults faults_of_fields(const config::Resource& resource, const json::JsonText& fields,
                        const Members& members) {
  std::vector<std::string_view> known;
  for (const config::KeyField& field : resource.key) {
    if (field_named(resource, field.name) != nullptr) {
      known.push_back(field.name);
    }
  }
  for (const config::Segment& segment : resource.match.segments) {
    if (segment.kind != config::SegmentKind::literal) {
      known.push_back(segment.text);
    }
  }
  if (takes_others(resource)) {
    for (const auto& member : members) {
      known.push_back(member.first);
    }
  }
  Faults faults = fields.faults_of_members("fields", known);
  for (const auto& [name, value] : members) {
    const Place place = place_of(resource, name);
    if (place != Place::body && place != Place::whole_body && !value.as_scalar()) {
      faults.emplace_back(concat({"fields.", name}), "This must be a text, a number, true or false.");
    }
  }
  return faults;
}

}  // namespace

const CallRow* find_call(std::string_view name) {
  for (const CallRow& row : call_rows) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

Result<ReadRequest> read_request_of(const config::Declarations& declarations, std::string_view argument) {
  const auto asked = json::JsonText::parse(argument);
  if (!asked) {
    return tl::make_unexpected(asked.error());
  }
  if (const Faults faults = asked->faults_of_members("", {"resource", "fields"}, {"resource"});
      !faults.empty()) {
    return refuse(to_text(faults));
  }
  const std::string name = asked->text("resource");
  const auto found = std::find_if(declarations.resources.begin(), declarations.resources.end(),
                                  [&](const config::Resource& resource) { return resource.name == name; });
  if (found == declarations.resources.end()) {
    return fail(ErrorKind::not_found, "call", "resource: name a resource that larder.json declares.");
  }
  const config::Resource& resource = *found;
  const auto given = asked->find("fields");
  const auto fields = given ? Result<json::JsonText>(*given) : json::JsonText::parse("{}");
  if (!fields) {
    return tl::make_unexpected(fields.error());
  }
  const Members members = given_members(*fields);
  if (const Faults faults = faults_of_fields(resource, *fields, members); !faults.empty()) {
    return refuse(to_text(faults));
  }
  auto path = path_of(resource, members);
  if (!path) {
    return tl::make_unexpected(std::move(path.error()));
  }
  ReadRequest request;
  request.resource = &resource;
  request.method = resource.match.method;
  std::vector<std::string> parameters;
  JsonWriter body;
  body.begin_object();
  std::string whole_body;
  for (const auto& [field, value] : members) {
    switch (place_of(resource, field)) {
      case Place::path:
        break;
      case Place::query:
        parameters.push_back(
            concat({percent_encode(field), "=", percent_encode(value.as_scalar().value_or(""))}));
        break;
      case Place::header:
        request.headers.add(field, value.as_scalar().value_or(""));
        break;
      case Place::body:
        body.key(field).raw(value.json());
        break;
      case Place::whole_body:
        whole_body = value.json();
        break;
    }
  }
  body.end_object();
  request.url = concat({origin_of_calls, *path, parameters.empty() ? "" : "?", join(parameters, "&")});
  if (resource.match.method == http::Method::post) {
    request.body = whole_body.empty() ? std::move(body).take() : std::move(whole_body);
  }
  return request;
}

Result<TextPairs> parameters_of(std::string_view argument) {
  const auto asked = json::JsonText::parse(argument);
  if (!asked) {
    return tl::make_unexpected(asked.error());
  }
  if (!asked->is_object()) {
    return refuse("This must be an object.");
  }
  TextPairs parameters;
  for (const auto& [name, value] : given_members(*asked)) {
    auto text = value.as_scalar();
    if (!text) {
      return refuse(concat({name, ": this must be a text, a number, true or false."}));
    }
    parameters.emplace_back(name, std::move(*text));
  }
  return parameters;
}

}  // namespace larder::app
