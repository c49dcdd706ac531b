#include "warm/entry_writer.h"

#include <algorithm>
#include <map>

#include "base/mutation.h"
#include "base/text.h"
#include "config/limits.h"
#include "engine/make_entry.h"
#include "host/together.h"
#include "origin/readers.h"
#include "policy/freshness.h"

namespace larder::warm {

using observe::Counter;

namespace {

bool is_same_work(const origin::Work& a, const origin::Work& b, const NormalText& normal_text) {
  if (!a.ids.openlibrary.empty() && !b.ids.openlibrary.empty()) {
    return a.ids.openlibrary == b.ids.openlibrary;
  }
  const auto is_same = [&](const std::string& one, const std::string& other) {
    return one == other || comparison_form(one, normal_text) == comparison_form(other, normal_text);
  };
  return is_same(a.title, b.title) &&
         std::equal(a.authors.begin(), a.authors.end(), b.authors.begin(), b.authors.end(), is_same);
}

}  // namespace

bool is_servable(const tiers::EntryPtr& entry, Instant now) {
  if (entry == nullptr || entry->header.kind != entry::Kind::positive) {
    return false;
  }
  const policy::Freshness freshness = policy::standing(entry->header, now).freshness;
  return freshness == policy::Freshness::fresh || freshness == policy::Freshness::stale;
}

Result<std::vector<origin::Work>> read_works(host::Host& host, const host::Body& body) {
  const std::string text = host.read_body(body.handle(), body.size(), origin::padding_bytes);
  auto reply =
      origin::read_books_reply(origin::PaddedText(text, static_cast<std::size_t>(body.size().count)));
  if (!reply) {
    return tl::make_unexpected(std::move(reply.error()));
  }
  return std::move(reply->works);
}

const config::Resource* EntryWriter::resource_for(config::ProviderQuery query) const {
  for (const config::Resource& resource : declarations_.resources) {
    if (resource.origin.kind == config::OriginKind::provider && resource.origin.query == query) {
      return &resource;
    }
  }
  return nullptr;
}

const config::Resource* EntryWriter::find_resource(std::string_view name) const {
  for (const config::Resource& resource : declarations_.resources) {
    if (resource.name == name) {
      return &resource;
    }
  }
  return nullptr;
}

Result<engine::Query> EntryWriter::query_of(host::Host& host, const config::Resource& resource,
                                            std::string_view value) const {
  TextPairs fields;
  if (!resource.key.empty()) {
    fields.emplace_back(resource.key.front().name, value);
  }
  return query_of(host, resource, fields);
}

Result<engine::Query> EntryWriter::query_of(host::Host& host, const config::Resource& resource,
                                            const TextPairs& fields) const {
  engine::RequestParts parts;
  for (const config::KeyField& field : resource.key) {
    for (const auto& [name, value] : fields) {
      if (name != field.name) {
        continue;
      }
      switch (field.source) {
        case config::FieldSource::query:
          parts.query.emplace_back(name, value);
          break;
        case config::FieldSource::path:
        case config::FieldSource::rest:
          parts.path.emplace_back(name, value);
          break;
        case config::FieldSource::header:
          parts.headers.add(name, value);
          break;
        case config::FieldSource::body:
        case config::FieldSource::whole_body:
          parts.body.emplace_back(name, value);
          break;
        case config::FieldSource::whole_query:
        case config::FieldSource::setting:
          break;
      }
    }
  }
  return engine::make_query(host, settings_, engine_.plan(), resource, parts, engine::larder_itself());
}

std::vector<PlannedEntry> EntryWriter::plan(host::Host& host, const std::vector<origin::Work>& works) const {
  std::vector<PlannedEntry> planned_entries;
  std::map<std::string, std::size_t> known;
  const auto plant = [&](const config::Resource* resource, std::string_view value, std::size_t work,
                         bool partial) {
    if (resource == nullptr) {
      return;
    }
    // What no request can ask for, a title that is too long say, needs no entry.
    auto query = query_of(host, *resource, value);
    if (!query) {
      return;
    }
    const auto [at, is_new] = known.emplace(query->key.storage_name, planned_entries.size());
    if (is_new) {
      PlannedEntry planned_entry;
      planned_entry.query = std::move(*query);
      planned_entry.partial = partial;
      planned_entries.push_back(std::move(planned_entry));
    }
    std::vector<std::size_t>& members = planned_entries[at->second].works;
    if (members.empty() || members.back() != work) {
      members.push_back(work);
    }
  };
  const config::Resource* const titles = resource_for(config::ProviderQuery::title);
  const config::Resource* const isbns = resource_for(config::ProviderQuery::isbn);
  for (std::size_t i = 0; i < works.size(); ++i) {
    plant(titles, works[i].title, i, true);
  }
  for (std::size_t i = 0; i < works.size(); ++i) {
    for (const std::string& isbn : works[i].isbn13) {
      plant(isbns, isbn, i, false);
    }
  }
  return planned_entries;
}

tiers::EntryPtr EntryWriter::entry_for(host::Host& host, const FoundWorks& found_works,
                                       const PlannedEntry& planned_entry,
                                       const tiers::EntryPtr& former) const {
  const bool stands = is_servable(former, host.now());
  // What is past its fresh time would make the whole so.
  const bool joins =
      stands && policy::standing(former->header, host.now()).freshness == policy::Freshness::fresh;
  std::vector<origin::Work> works;
  if (stands && (!planned_entry.partial || !former->header.partial || former->body.empty())) {
    // Complete; or packed, and then its first read completes it.
    return nullptr;
  }
  if (joins) {
    if (auto there = read_works(host, former->body)) {
      works = std::move(*there);
    }
  }
  const std::size_t known = works.size();
  const NormalText normal_text = host::normal_text_of(host);
  for (const std::size_t at : planned_entry.works) {
    const origin::Work& work = found_works.works[at];
    const bool is_there = std::any_of(works.begin(), works.end(), [&](const origin::Work& other) {
      return is_same_work(work, other, normal_text);
    });
    if (!is_there && works.size() < origin::works_max) {
      works.push_back(work);
    }
  }
  if (joins && works.size() == known) {
    return nullptr;
  }
  origin::Fetched fetched;
  fetched.content_type = "application/json";
  fetched.content = host::Body::from_bytes(
      host, origin::books_reply(planned_entry.query.values.front().value_or(""), found_works.source, works));
  fetched.requested_at = found_works.asked;
  fetched.received_at = found_works.asked;
  fetched.log_seen = found_works.log_seen;
  if (known > 0 && !LARDER_MUTATED(merge_resets_age)) {
    // As old as the oldest of what is in it, for lifetimes and for purges.
    fetched.requested_at = std::min(found_works.asked, former->header.asked);
    fetched.received_at = fetched.requested_at;
    fetched.log_seen = std::min(found_works.log_seen, former->header.log_seen);
  }
  tiers::EntryPtr made = engine::make_entry(host, settings_, planned_entry.query, fetched);
  if (made == nullptr || !planned_entry.partial) {
    return made;
  }
  entry::Header header = made->header;
  header.partial = !LARDER_MUTATED(part_unmarked);
  return std::make_shared<const tiers::Entry>(std::move(header), *made);
}

host::Task<void> EntryWriter::put_some(host::Context here, const std::vector<PlannedEntry>& planned_entries,
                                       const std::vector<tiers::EntryPtr>& entries, std::size_t first,
                                       std::size_t& next, bool& failed) const {
  while (next < entries.size()) {
    const std::size_t at = next++;
    const engine::Query& query = planned_entries[first + at].query;
    if (entries[at] == nullptr) {
      counters_.add(Counter::warmed_entries_total, query.key.pattern, "present");
      continue;
    }
    const auto kept = co_await engine_.keep(here, query, entries[at]);
    failed = failed || (!kept && !LARDER_MUTATED(failed_entries_passed_over));
    const bool stored = kept && *kept == tiers::Stored::stored;
    counters_.add(Counter::warmed_entries_total, query.key.pattern,
                  stored ? std::string_view("stored") : std::string_view(kept ? "declined" : "failed"));
  }
}

host::Task<Written> EntryWriter::put(host::Context here, const FoundWorks& found_works,
                                     const std::vector<PlannedEntry>& planned_entries, std::size_t from,
                                     Budget& budget) const {
  Written written;
  written.done_entries = std::min(from, planned_entries.size());
  while (written.done_entries < planned_entries.size()) {
    const std::size_t first = written.done_entries;
    // The worst is that each of them has to be put.
    const std::size_t affordable = budget.operations > 1 ? budget.operations - 1 : 0;
    const std::size_t count =
        std::min({planned_entries.size() - first, config::limit::kv_keys_at_once, affordable});
    if (count == 0) {
      written.state = WriteState::more;
      co_return written;
    }
    budget.operations -= 1 + count;
    std::vector<engine::Query> queries;
    for (std::size_t i = first; i < first + count; ++i) {
      queries.push_back(planned_entries[i].query);
    }
    const auto found = co_await engine_.find_many(here, queries);
    if (!found) {
      written.state = WriteState::failed;
      co_return written;
    }
    std::vector<tiers::EntryPtr> entries;
    for (std::size_t i = 0; i < count; ++i) {
      entries.push_back(entry_for(here.host(), found_works, planned_entries[first + i], (*found)[i]));
      // What need not be put is given back.
      budget.operations += entries.back() == nullptr ? 1U : 0U;
    }
    std::size_t next = 0;
    bool failed = false;
    std::vector<host::Task<void>> putting;
    for (std::size_t i = 0; i < config::limit::warming_at_once; ++i) {
      putting.push_back(put_some(here, planned_entries, entries, first, next, failed));
    }
    co_await host::together(std::move(putting));
    if (failed) {
      written.state = WriteState::failed;
      co_return written;
    }
    written.done_entries += count;
  }
  co_return written;
}

host::Task<Result<bool>> EntryWriter::has_all(host::Context here, std::vector<engine::Query> queries) const {
  const auto found = co_await engine_.find_many(here, queries);
  if (!found) {
    co_return tl::make_unexpected(found.error());
  }
  const Instant now = here.host().now();
  co_return std::all_of(found->begin(), found->end(),
                        [&](const tiers::EntryPtr& entry) { return is_servable(entry, now); });
}

}  // namespace larder::warm
