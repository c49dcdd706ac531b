#include "origin/narrative.h"

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "http/date.h"
#include "origin/json_document.h"

namespace larder::origin {

namespace {

Failure refuse_profile(std::string message) {
  return fail(ErrorKind::invalid, "profile", std::move(message));
}

// What was found of a profile, and the first thing that is wrong with it.
struct ProfileReading {
  std::vector<ProfileSystem> systems;
  bool has_systems = false;
  std::string wrong;

  void refuse(std::string message) {
    if (wrong.empty()) {
      wrong = std::move(message);
    }
  }
};

bool is_system_name(std::string_view text) {
  return !trim(text).empty() && text.size() <= config::limit::system_name_bytes_max &&
         std::none_of(text.begin(), text.end(), is_control);
}

std::optional<double> percentage_of(JsonValue value) {
  simdjson::ondemand::json_type type;
  double number = 0;
  if (value.type().get(type) != simdjson::SUCCESS || type != simdjson::ondemand::json_type::number ||
      value.get_double().get(number) != simdjson::SUCCESS || number < 0 || number > 100) {
    return std::nullopt;
  }
  return number;
}

Fault read_system(JsonValue value, const std::string& place, ProfileReading& reading) {
  ProfileSystem system;
  bool named = false;
  bool measured = false;
  simdjson::ondemand::json_type type;
  if (const Fault fault = value.type().get(type)) {
    return fault;
  }
  if (type != simdjson::ondemand::json_type::object) {
    reading.refuse(concat({place, " is no object with a name and a percentage."}));
    return simdjson::SUCCESS;
  }
  const Fault fault = each_field(value, [&](std::string_view key, JsonValue member) {
    if (key == "name") {
      return with_text(member, [&](std::string_view text) {
        named = is_system_name(text);
        system.name = collapse_spaces(text);
      });
    }
    if (key == "percentage") {
      system.percentage_text = std::string(trim(member.raw_json_token()));
      if (const auto percentage = percentage_of(member)) {
        measured = true;
        system.percentage = *percentage;
      }
    }
    return simdjson::SUCCESS;
  });
  if (!named) {
    reading.refuse(concat({place, ".name is no text of 1 to ",
                           to_text(std::uint64_t{config::limit::system_name_bytes_max}), " bytes."}));
  }
  if (!measured) {
    reading.refuse(concat({place, ".percentage is no number from 0 to 100."}));
  }
  reading.systems.push_back(std::move(system));
  return fault;
}

Fault read_systems(JsonValue value, const std::string& place, ProfileReading& reading) {
  if (const Fault fault = is_array(value, reading.has_systems)) {
    return fault;
  }
  std::uint64_t index = 0;
  return each_element(value, [&](JsonValue element) {
    const std::string here = concat({place, "[", to_text(index++), "]"});
    if (index > config::limit::profile_systems_max) {
      reading.refuse(concat({place, " has more than ",
                             to_text(std::uint64_t{config::limit::profile_systems_max}), " systems."}));
      return simdjson::SUCCESS;
    }
    return read_system(element, here, reading);
  });
}

// "the Liver (42.5 %)"
std::string with_percentage(const ProfileSystem& system) {
  return concat({system.name, " (", system.percentage_text, " %)"});
}

std::string_view source_word(NarrativeSource source) {
  switch (source) {
    case NarrativeSource::model:
      return "model";
    case NarrativeSource::template_:
      return "template";
  }
  LARDER_UNREACHABLE();
}

}  // namespace

Result<std::vector<ProfileSystem>> read_profile(std::string_view json, std::string_view name) {
  const std::string place = concat({name, ".systems"});
  ProfileReading reading;
  const PaddedCopy padded(json);
  JsonDocument document;
  Fault fault = document.open(padded.view());
  if (fault == simdjson::SUCCESS) {
    fault = document.each_root_field([&](std::string_view key, JsonValue value) {
      return key == "systems" ? read_systems(value, place, reading) : simdjson::SUCCESS;
    });
  }
  if (fault != simdjson::SUCCESS) {
    return refuse_profile(concat({name, " is no object with the member systems."}));
  }
  if (!reading.wrong.empty()) {
    return refuse_profile(std::move(reading.wrong));
  }
  if (!reading.has_systems || reading.systems.empty()) {
    return refuse_profile(concat({place, " is no list of at least one system."}));
  }
  return std::move(reading.systems);
}

std::string narrative_answer(std::string_view narrative, Instant generated_at, NarrativeSource source) {
  JsonWriter json;
  json.begin_object().key("narrative").value(narrative);
  json.key("generatedAt").value(http::format_timestamp(generated_at));
  json.key("source").value(source_word(source)).end_object();
  return std::move(json).take();
}

const ProfileSystem* leading_system(const std::vector<ProfileSystem>& systems) {
  const ProfileSystem* leading = nullptr;
  for (const ProfileSystem& system : systems) {
    if (leading == nullptr || system.percentage > leading->percentage) {
      leading = &system;
    }
  }
  return leading;
}

std::string narrative_template(const std::vector<ProfileSystem>& systems) {
  constexpr std::size_t told = 3;
  std::vector<const ProfileSystem*> ranked;
  for (const ProfileSystem& system : systems) {
    ranked.push_back(&system);
  }
  std::sort(ranked.begin(), ranked.end(), [](const ProfileSystem* a, const ProfileSystem* b) {
    return a->percentage != b->percentage ? a->percentage > b->percentage : a < b;
  });
  if (ranked.empty()) {
    return "";
  }
  std::string text = concat({"Your profile is led by ", with_percentage(*ranked.front())});
  if (ranked.size() == 2) {
    text.append(", followed by ").append(with_percentage(*ranked[1]));
  } else if (ranked.size() >= told) {
    text.append(", followed by ").append(with_percentage(*ranked[1]));
    text.append(" and ").append(with_percentage(*ranked[2]));
  }
  text.append(". ");
  if (ranked.size() > told) {
    text.append(to_text(std::uint64_t{ranked.size() - told}))
        .append(ranked.size() == told + 1 ? " other system shows less. " : " other systems show less. ");
  }
  return text.append("This is a summary of the numbers alone; a fuller text will be here later.");
}

}  // namespace larder::origin
