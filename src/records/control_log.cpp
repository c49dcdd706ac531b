#include "records/control_log.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/mutation.h"
#include "config/limits.h"
#include "records/calls.h"

namespace larder::records {

namespace {

namespace limit = config::limit;

constexpr auto kind_max = static_cast<std::uint8_t>(config::PurgeKind::all);

Key purge_key(std::uint64_t sequence) {
  Key key("purge");
  key.number(sequence);
  return key;
}

Key setting_key(std::string_view name) {
  Key key("setting");
  key.text(name);
  return key;
}

bool is_same(const ControlPurge& a, const ControlPurge& b) { return a.kind == b.kind && a.text == b.text; }

// A soft purge leaves a hard one in force, which says more about what is older.
void add_purge(ControlPurges& purges, ControlPurge purge) {
  purges.erase(std::remove_if(purges.begin(), purges.end(),
                              [&](const ControlPurge& one) {
                                return is_same(one, purge) &&
                                       (one.soft >= purge.soft || LARDER_MUTATED(soft_purge_replaces_hard));
                              }),
               purges.end());
  purges.push_back(std::move(purge));
}

// `purge` in its place by sequence, unless a newer one of the same is there, which covers it.
void insert_folded(ControlPurges& purges, ControlPurge purge) {
  const bool is_covered = std::any_of(purges.begin(), purges.end(), [&](const ControlPurge& one) {
    return is_same(one, purge) && one.soft <= purge.soft && one.sequence > purge.sequence;
  });
  if (!is_covered) {
    const auto place = std::find_if(purges.begin(), purges.end(),
                                    [&](const ControlPurge& one) { return one.sequence > purge.sequence; });
    purges.insert(place, std::move(purge));
  }
}

// Of the older half, what purges single URLs or groups of an origin becomes one purge of all that is as old
// of that origin: too much at worst, which is never wrong. `purges` are in order.
void fold_by_origin(ControlPurges& purges) {
  const std::size_t half = purges.size() / 2;
  ControlPurges left;
  std::map<std::string, ControlPurge> folded;
  for (std::size_t i = 0; i < purges.size(); ++i) {
    const bool is_tag = purges[i].kind == static_cast<std::uint8_t>(config::PurgeKind::tag);
    const std::string_view part =
        i < half && is_tag && purges[i].soft == 0 ? config::origin_part(purges[i].text) : std::string_view();
    if (part.empty()) {
      left.push_back(std::move(purges[i]));
    } else {
      ControlPurge one = purges[i];
      one.text = std::string(part);
      folded[one.text] = std::move(one);
    }
  }
  purges = std::move(left);
  for (auto& [part, purge] : folded) {
    purges.erase(std::remove_if(purges.begin(), purges.end(),
                                [&, &folded_purge = purge](const ControlPurge& one) {
                                  return is_same(one, folded_purge) && one.sequence < folded_purge.sequence;
                                }),
                 purges.end());
    insert_folded(purges, std::move(purge));
  }
}

// Purging everything that is as old purges too much at worst, too. `purges` are in order.
void fold_oldest(ControlPurges& purges) {
  const auto half = static_cast<std::ptrdiff_t>(purges.size() / 2);
  ControlPurge all;
  all.kind = kind_max;
  all.sequence = purges[static_cast<std::size_t>(half - 1)].sequence;
  all.at = purges[static_cast<std::size_t>(half - 1)].at;
  purges.erase(purges.begin(), purges.begin() + half);
  insert_folded(purges, std::move(all));
}

template <typename Results>
Results results_of(std::uint64_t sequence, ControlSettings settings, ControlPurges purges) {
  Results results;
  results.sequence = sequence;
  results.settings = std::move(settings);
  results.purges = std::move(purges);
  return results;
}

}  // namespace

std::uint64_t ControlLog::sequence() {
  return row<ControlSequence>(Key("sequence")).value_or(ControlSequence()).sequence;
}

ControlSettings ControlLog::settings() {
  const Key table("setting");
  ControlSettings settings;
  for (const Row& found : store_.range(Range(table.str(), table.end(), control::settings_max))) {
    if (auto setting = decode<ControlSetting>(found.value)) {
      settings.push_back(std::move(*setting));
    }
  }
  return settings;
}

ControlPurges ControlLog::purges() {
  const Key table("purge");
  ControlPurges purges;
  for (const Row& found : store_.range(Range(table.str(), table.end(), control::purges_max))) {
    if (auto purge = decode<ControlPurge>(found.value)) {
      purges.push_back(std::move(*purge));
    }
  }
  return purges;
}

Result<control::read_results> ControlLog::read(const control::read_arguments&) {
  return results_of<control::read_results>(sequence(), settings(), purges());
}

void ControlLog::set(const ControlSetting& change) {
  if (change.name.starts_with(config::experiment_setting) && !change.value.empty()) {
    // What was published last stays, whoever comes late with what was true before.
    const auto known = row<ControlSetting>(setting_key(change.name));
    if (known && !LARDER_MUTATED(stale_publication_wins) &&
        config::serial_of(known->value) >= config::serial_of(change.value)) {
      return;
    }
  }
  if (change.value.empty()) {
    store_.erase(setting_key(change.name).str());
  } else {
    put_row(setting_key(change.name), change);
  }
}

Result<control::append_results> ControlLog::append(const control::append_arguments& changes) {
  if (changes.settings.size() + changes.purges.size() > limit::operator_keys_max) {
    return fail(ErrorKind::too_large, "control", "There are too many changes at once.");
  }
  for (const ControlSetting& change : changes.settings) {
    if (change.name.empty() || change.name.size() > control::setting_name_bytes_max ||
        change.value.size() > limit::purge_text_bytes_max) {
      return fail(ErrorKind::invalid, "control", "A change of a setting is malformed.");
    }
  }
  for (const ControlPurge& change : changes.purges) {
    if (change.kind > kind_max || change.soft > 1 || change.text.size() > limit::purge_text_bytes_max) {
      return fail(ErrorKind::invalid, "control", "A purge is malformed.");
    }
  }
  // Room for all of them, though some may replace others.
  if (settings().size() + changes.settings.size() > control::settings_max) {
    return fail(ErrorKind::too_large, "control", "There are too many settings.");
  }
  const std::uint64_t known = sequence();
  std::uint64_t last = known;
  for (const ControlSetting& change : changes.settings) {
    ++last;
    set(change);
  }
  ControlPurges now_in_force = purges();
  const ControlPurges before = now_in_force;
  // A clock that was set back must not make a purge older than what it comes after.
  auto at = static_cast<std::uint64_t>(millis_since_epoch(now_));
  for (const ControlPurge& purge : before) {
    at = std::max(at, purge.at);
  }
  for (ControlPurge change : changes.purges) {
    change.sequence = ++last;
    change.at = at;
    add_purge(now_in_force, std::move(change));
  }
  if (now_in_force.size() > control::purges_max) {
    fold_by_origin(now_in_force);
  }
  while (now_in_force.size() > control::purges_max) {
    fold_oldest(now_in_force);
  }
  // Some may stand for others now; the rest of what was there is there, or gone.
  std::set<std::uint64_t> kept;
  for (const ControlPurge& purge : now_in_force) {
    kept.insert(purge.sequence);
    const bool is_as_before = std::any_of(before.begin(), before.end(), [&](const ControlPurge& one) {
      return one.sequence == purge.sequence && is_same(one, purge);
    });
    if (!is_as_before) {
      put_row(purge_key(purge.sequence), purge);
    }
  }
  for (const ControlPurge& purge : before) {
    if (!kept.contains(purge.sequence)) {
      store_.erase(purge_key(purge.sequence).str());
    }
  }
  ControlSequence counted;
  counted.sequence = last;
  put_row(Key("sequence"), counted);
  return results_of<control::append_results>(last, settings(), std::move(now_in_force));
}

Result<config::ControlLog> read_control_log(std::string_view reply) {
  if (reply.empty() || reply.front() != '\0') {
    return tl::make_unexpected(refusal_of(reply, "control"));
  }
  const auto document = decode<control::read_results>(reply.substr(1));
  if (!document) {
    return fail(ErrorKind::corrupt, "control", "The control log is not readable.");
  }
  config::ControlLog log;
  log.sequence = document->sequence;
  for (const ControlSetting& setting : document->settings) {
    log.settings.emplace_back(setting.name, setting.value);
  }
  for (const ControlPurge& one : document->purges) {
    // A kind of a newer version is left out.
    if (one.kind <= kind_max) {
      config::Purge purge(static_cast<config::PurgeKind>(one.kind), one.text,
                          one.soft == 1 ? config::PurgeMode::soft : config::PurgeMode::hard);
      purge.sequence = one.sequence;
      purge.at = instant_from_millis(static_cast<std::int64_t>(one.at));
      log.purges.push_back(std::move(purge));
    }
  }
  return log;
}

std::string control_changes(const std::vector<config::Purge>& purges) {
  control::append_arguments changes;
  for (const config::Purge& purge : purges) {
    ControlPurge change;
    change.kind = static_cast<std::uint8_t>(purge.kind);
    change.text = purge.text;
    change.soft = purge.is_soft() ? 1 : 0;
    changes.purges.push_back(std::move(change));
  }
  return encode(changes);
}

std::string control_changes(const TextPairs& settings) {
  control::append_arguments changes;
  for (const auto& [name, value] : settings) {
    ControlSetting change;
    change.name = name;
    change.value = value;
    changes.settings.push_back(std::move(change));
  }
  return encode(changes);
}

}  // namespace larder::records
