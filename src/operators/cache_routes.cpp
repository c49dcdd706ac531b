// /api/cache: looking at entries, listing keys, removing and purging.
#include "base/json_writer.h"
#include "base/text.h"
#include "config/limits.h"
#include "http/date.h"
#include "operators/copy_view.h"
#include "operators/handlers.h"
#include "operators/operator_request.h"
#include "operators/request.h"
#include "operators/visible_key.h"
#include "records/control_log.h"

namespace larder::operators {

namespace {

namespace limit = config::limit;
using host::Outgoing;

entry::Sha256 digest_by(host::Context here) {
  return [here](std::string_view bytes) { return here.host().sha256(bytes); };
}

// What this deployment's keys begin with.
std::string own_prefix(const OperatorContext& context) { return context.settings.cache_prefix + ":"; }

// The key that the call is about, or the problem with it.
Asked<tiers::Key> key_asked_for(host::Context here, const OperatorContext& context, const Call& call) {
  constexpr std::string_view advice =
      " Write the whole key, as GET /api/cache/keys lists it: larder:title:v3:dune.";
  const auto name = call.target.parameter("key");
  if (!name || name->empty()) {
    return tl::make_unexpected(invalid_request(concat({"key: this parameter is missing.", advice})));
  }
  auto key = entry::key_named(*name, digest_by(here));
  if (!key || !name->starts_with(own_prefix(context))) {
    return tl::make_unexpected(invalid_request(concat({"key: this is no key of this deployment.", advice})));
  }
  return tiers::Key(std::move(*key), tiers::TierSet::all());
}

std::string entry_note(std::string_view verb, const tiers::Key& key) {
  return concat({verb, " ", key.storage_name});
}

// Keys under the names that purges are judged by, long tags as entries carry them.
void name_as_stored(host::Context here, std::vector<config::Purge>& purges) {
  for (config::Purge& purge : purges) {
    if (purge.kind == config::PurgeKind::tag) {
      purge.text = entry::stored_tag(std::move(purge.text), digest_by(here));
    } else if (purge.kind == config::PurgeKind::key) {
      if (auto key = entry::key_named(purge.text, digest_by(here))) {
        purge.text = std::move(key->storage_name);
      }
    }
  }
}

std::string purge_note(const std::vector<config::Purge>& purges) {
  std::string note(purges.front().is_soft() ? "soft:" : "hard:");
  for (const config::Purge& purge : purges) {
    note.append(" ").append(config::to_text(purge.kind)).append(" ").append(purge.text);
    if (note.size() > limit::audit_note_bytes_max) {
      break;
    }
  }
  return note;
}

// The prefix of a list: one that leaves out CACHE_PREFIX is meant within it.
std::string listed_prefix(const OperatorContext& context, const Call& call) {
  const std::string own = own_prefix(context);
  const std::string given(call.target.parameter("prefix").value_or(""));
  return given.starts_with(own) ? given : own + given;
}

}  // namespace

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through, which
// a module may not have.
namespace removal_by_name {

// What hard purges of names leave to be removed, where the shared store can choose by name.
std::vector<tiers::NameSet> names_of(const OperatorContext& context,
                                     const std::vector<config::Purge>& purges) {
  using Kind = tiers::NameSet::Kind;
  std::vector<tiers::NameSet> names;
  for (const config::Purge& purge : purges) {
    if (purge.is_soft()) {
      continue;
    }
    if (purge.kind == config::PurgeKind::prefix) {
      names.emplace_back(Kind::prefix, purge.text);
    } else if (purge.kind == config::PurgeKind::pattern) {
      names.emplace_back(Kind::pattern, purge.text);
    } else if (purge.kind == config::PurgeKind::all) {
      names.emplace_back(Kind::prefix, own_prefix(context));
    }
  }
  return names;
}

struct Progress {
  std::uint64_t count = 0;
  // "INDEX-CURSOR": which of the names, and where in the store; empty at the end.
  std::string cursor;
  std::optional<Error> failure;

  Progress() {}
};

host::Task<Progress> remove(host::Context here, const OperatorContext& context,
                            std::vector<tiers::NameSet> names, std::string cursor) {
  Progress progress;
  tiers::GuardedTier* const shared = context.tiered.shared_tier();
  const std::size_t dash = cursor.find('-');
  std::size_t index = static_cast<std::size_t>(parse_unsigned(cursor.substr(0, dash)).value_or(0));
  std::string at = dash == std::string::npos ? std::string() : cursor.substr(dash + 1);
  const Instant give_up = here.host().now() + limit::redis_removal_time_max;
  while (index < names.size()) {
    auto some =
        co_await shared->remove_matching(here, own_prefix(context), names[index], std::move(at), give_up);
    progress.count += some.count;
    progress.failure = std::move(some.failure);
    at = std::move(some.next_cursor);
    if (progress.failure || !at.empty()) {
      break;
    }
    ++index;
  }
  if (index < names.size()) {
    progress.cursor = concat({to_text(std::uint64_t{index}), "-", at});
  }
  co_return progress;
}

}  // namespace removal_by_name

host::Task<Outgoing> show_entry(host::Context here, const OperatorContext& context, Call& call) {
  const auto key = key_asked_for(here, context, call);
  if (!key) {
    co_return host::problem_answer(here.host(), key.error());
  }
  call.note = entry_note("looked at", *key);
  co_await context.control.make_current(here);
  JsonWriter json;
  json.begin_object()
      .key("key")
      .value(visible_key(context.declarations, key->storage_name, call.role))
      .key("tiers")
      .begin_array();
  std::size_t found_in = 0;
  for (tiers::CacheTier* tier : context.tiered.tiers()) {
    const auto found = co_await tier->get(here, *key);
    const bool is_there = found && found->entry != nullptr;
    found_in += is_there ? 1U : 0U;
    json.begin_object().key("tier").value(tier->name()).key("found").value(is_there);
    if (is_there && tiers::is_stub(*found->entry)) {
      json.key("valueIn").value(config::to_text(config::Tier::cold));
    }
    if (!found) {
      json.key("error").value(to_text(found.error().kind));
    }
    if (is_there) {
      write_copy(json, context.control.purges(), key->storage_name, found->entry->header, here.host().now());
    }
    json.end_object();
  }
  json.end_array().end_object();
  if (found_in == 0) {
    co_return host::problem_answer(here.host(),
                                   http::Problem(404,
                                                 "No tier has an entry of this key, as far as this data "
                                                 "centre sees."));
  }
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<Outgoing> drop_entry(host::Context here, const OperatorContext& context, Call& call) {
  const auto key = key_asked_for(here, context, call);
  if (!key) {
    co_return host::problem_answer(here.host(), key.error());
  }
  call.note = entry_note("removed", *key);
  // The purge has removed it from there.
  const bool was_in_memory = context.tiered.memory().peek(*key) != nullptr;
  const std::vector<config::Purge> purges = {
      config::Purge(config::PurgeKind::key, key->storage_name, config::PurgeMode::hard)};
  std::string changes = records::control_changes(purges);
  const auto appended = co_await context.control.append(here, std::move(changes));
  if (!appended) {
    co_return control_log_unavailable(here, appended.error());
  }
  JsonWriter json;
  json.begin_object().key("purged").value(1).key("at").value(http::format_timestamp(here.host().now()));
  // The purge has removed it everywhere; this frees its space at once.
  json.key("removedFrom").begin_array();
  for (tiers::CacheTier* tier : context.tiered.tiers()) {
    const auto removed = co_await tier->remove(here, *key);
    const bool is_memory = tier->tier() == config::Tier::memory;
    if ((is_memory && was_in_memory) || (removed && *removed)) {
      json.value(tier->name());
    }
  }
  json.end_array().end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<Outgoing> list_keys(host::Context here, const OperatorContext& context, Call& call) {
  const auto count =
      number_parameter(call, "limit", 1, limit::operator_keys_max, limit::operator_keys_default);
  if (!count) {
    co_return host::problem_answer(here.host(), count.error());
  }
  std::string prefix = listed_prefix(context, call);
  std::string cursor(call.target.parameter("cursor").value_or(""));
  if (prefix.size() > limit::key_bytes_max || cursor.size() > limit::url_bytes_max) {
    co_return host::problem_answer(here.host(), invalid_request("prefix: no key is that long."));
  }
  call.note = concat({"listed ", prefix});
  // Larder's own notes ("larder::sweep") are no entries.
  const std::string notes = own_prefix(context) + ":";
  const auto page = co_await context.tiered.list(here, std::move(prefix), std::move(cursor),
                                                 static_cast<std::uint32_t>(*count));
  if (!page) {
    co_return host::problem_answer(
        here.host(), http::Problem(503, "The store does not list its keys at the moment; try again."));
  }
  JsonWriter json;
  json.begin_object().key("keys").begin_array();
  for (const tiers::ListedKey& key : page->keys) {
    if (!key.storage_name.starts_with(notes)) {
      json.value(visible_key(context.declarations, key.storage_name, call.role));
    }
  }
  json.end_array().key("cursor");
  if (page->next_cursor.empty()) {
    json.null();
  } else {
    json.value(page->next_cursor);
  }
  json.end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

host::Task<Outgoing> purge_entries(host::Context here, const OperatorContext& context, Call& call) {
  const auto text = co_await read_json_text(here, Bytes(limit::operator_body_bytes_max));
  if (!text) {
    co_return host::problem_answer(here.host(), text.error());
  }
  auto purges = parse_purge_request(*text);
  if (!purges) {
    co_return host::problem_answer(here.host(), invalid_request(purges.error()));
  }
  name_as_stored(here, *purges);
  call.note = purge_note(*purges);
  // A call that goes on with the removal of what an earlier one has purged.
  std::string cursor(call.target.parameter("cursor").value_or(""));
  if (cursor.size() > limit::key_bytes_max) {
    co_return host::problem_answer(here.host(), invalid_request("cursor: no cursor is that long."));
  }
  JsonWriter json;
  json.begin_object();
  if (cursor.empty()) {
    std::string changes = records::control_changes(*purges);
    const auto appended = co_await context.control.append(here, std::move(changes));
    if (!appended) {
      co_return control_log_unavailable(here, appended.error());
    }
    json.key("purged").value(purges->size());
  }
  json.key("at").value(http::format_timestamp(here.host().now()));
  std::vector<tiers::NameSet> names = removal_by_name::names_of(context, *purges);
  tiers::GuardedTier* const shared = context.tiered.shared_tier();
  if (!names.empty() && shared != nullptr && shared->bare().removes_by_name()) {
    const auto progress =
        co_await removal_by_name::remove(here, context, std::move(names), std::move(cursor));
    json.key("removed").begin_object().key("tier").value(shared->bare().name());
    json.key("count").value(progress.count).key("cursor");
    if (progress.cursor.empty()) {
      json.null();
    } else {
      json.value(progress.cursor);
    }
    if (progress.failure) {
      json.key("error").value(to_text(progress.failure->kind));
    }
    json.end_object();
  }
  json.end_object();
  co_return host::json_answer(here.host(), 200, json.text());
}

}  // namespace larder::operators
