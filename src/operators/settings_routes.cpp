// GET and PUT /api/settings.
#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "operators/handlers.h"
#include "operators/operator_request.h"
#include "operators/request.h"
#include "records/control_log.h"

namespace larder::operators {

namespace {

std::string_view value_in(const TextPairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) {
      return trim(value);
    }
  }
  return {};
}

void write_setting(JsonWriter& json, const OperatorContext& context, const config::SettingRow& row) {
  const bool changeable = row.change == config::SettingChange::runtime;
  const std::string_view changed = changeable ? value_in(context.control.settings(), row.name) : "";
  const std::string_view bound = value_in(context.bindings, row.name);
  const std::string_view source = !changed.empty() ? "runtime" : (!bound.empty() ? "binding" : "default");
  const std::string_view value = !changed.empty() ? changed : (!bound.empty() ? bound : row.default_text);
  json.key(row.name).begin_object().key("value").value(value).key("source").value(source);
  json.key("default").value(row.default_text).key("changeable").value(changeable);
  json.key("purpose").value(row.purpose).end_object();
}

// What an experiment says of the settings now.
void write_experiment(JsonWriter& json, const experiments::Published& experiment) {
  const bool is_promoted = experiment.standing == experiments::Standing::watching ||
                           experiment.standing == experiments::Standing::kept;
  json.key(experiment.name).begin_object().key("standing").value(experiments::to_text(experiment.standing));
  if (is_promoted) {
    const experiments::Variant& variant = experiment.variants[experiment.promoted];
    json.key("promoted").value(variant.name).key("resources").texts(experiment.resources);
    json.key("overrides").begin_object();
    for (const auto& [word, text] : config::texts_of(variant.overrides)) {
      json.key(word).value(text);
    }
    json.end_object();
  }
  json.end_object();
}

bool may_see(Role role, const config::SettingRow& row) {
  return role == Role::admin || row.role == config::SettingRole::viewer;
}

host::Outgoing settings_answer(host::Context here, const OperatorContext& context, Role role) {
  JsonWriter json;
  json.begin_object().key("implementation").value(context.registry.active().name());
  json.key("settings").begin_object();
  for (const config::SettingRow& row : config::setting_rows) {
    if (may_see(role, row)) {
      write_setting(json, context, row);
    }
  }
  json.end_object().key("experiments").begin_object();
  for (const experiments::Published& experiment : context.engine.plan().experiments()) {
    write_experiment(json, experiment);
  }
  json.end_object().end_object();
  return host::json_answer(here.host(), 200, json.text());
}

// What is changed already, and the new changes over it.
TextPairs changed_together(const TextPairs& former, const TextPairs& changes) {
  TextPairs together;
  for (const auto& change : former) {
    const bool again = std::any_of(changes.begin(), changes.end(),
                                   [&](const auto& newer) { return newer.first == change.first; });
    if (!again) {
      together.push_back(change);
    }
  }
  for (const auto& change : changes) {
    if (!change.second.empty()) {
      together.push_back(change);
    }
  }
  return together;
}

std::string settings_note(const TextPairs& changes) {
  std::vector<std::string> notes;
  for (const auto& [name, value] : changes) {
    notes.push_back(value.empty() ? concat({name, " as deployed"}) : concat({name, "=", value}));
  }
  return join(notes, ", ");
}

}  // namespace

host::Task<host::Outgoing> show_settings(host::Context here, const OperatorContext& context, Call& call) {
  call.note = "looked at the settings";
  co_await context.control.make_current(here);
  co_return settings_answer(here, context, call.role);
}

host::Task<host::Outgoing> change_settings(host::Context here, const OperatorContext& context, Call& call) {
  const auto text = co_await read_json_text(here, Bytes(config::limit::operator_body_bytes_max));
  if (!text) {
    co_return host::problem_answer(here.host(), text.error());
  }
  const auto changes = parse_settings_request(*text);
  if (!changes) {
    co_return host::problem_answer(here.host(), invalid_request(changes.error()));
  }
  co_await context.control.make_current(here);
  const auto settings = config::parse_settings(
      config::with_changes(context.bindings, changed_together(context.control.settings(), *changes)));
  if (!settings) {
    co_return host::problem_answer(here.host(), invalid_request(settings.error()));
  }
  call.note = settings_note(*changes);
  std::string appendix = records::control_changes(*changes);
  const auto appended = co_await context.control.append(here, std::move(appendix));
  if (!appended) {
    co_return control_log_unavailable(here, appended.error());
  }
  co_return settings_answer(here, context, call.role);
}

}  // namespace larder::operators
