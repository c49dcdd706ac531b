#include "support/jobs_view.h"

#include "base/assert.h"

namespace larder::sim {

JobsView::Level JobsView::Job::sum() const {
  Level sum;
  for (const records::JobLevel& level : levels) {
    sum.queued += level.queued;
    sum.processed += level.processed;
    sum.failed += level.failed;
    sum.skipped += level.skipped;
    sum.works += level.works;
  }
  return sum;
}

JobsView::Level JobsView::Job::level(std::uint32_t depth) const {
  for (const records::JobLevel& level : levels) {
    if (level.depth == depth) {
      return Level(level);
    }
  }
  LARDER_UNREACHABLE();
}

std::vector<JobsView::Job> JobsView::jobs() const {
  std::vector<Job> found;
  for (const records::JobRow& row : rows_of<records::JobRow>(store(), "job")) {
    found.emplace_back(row);
  }
  return found;
}

std::optional<JobsView::Job> JobsView::job(const std::string& id) const {
  const auto& rows = store().rows;
  records::Key id_key("id");
  id_key.text(id);
  const auto named = rows.find(id_key.str());
  if (named == rows.end()) {
    return std::nullopt;
  }
  records::Key job_key("job");
  job_key.number(records::decode<records::NumberRow>(named->second).value().number);
  return Job(records::decode<records::JobRow>(rows.at(job_key.str())).value());
}

std::vector<records::LetterRow> JobsView::letters() const {
  std::vector<records::LetterRow> found;
  for (records::LetterRow& letter : rows_of<records::LetterRow>(store(), "letter")) {
    records::Key gone("gone");
    gone.number(letter.job_number);
    if (!store().rows.contains(gone.str())) {
      found.push_back(std::move(letter));
    }
  }
  return found;
}

std::vector<JobsView::Item> JobsView::items() const {
  // Far enough for every step.
  world_.durable.at("WARMING_JOBS").run_alarms(world_.now + Millis(86'400'000));
  const records::Key table("item");
  std::vector<Item> found;
  for (auto at = store().rows.lower_bound(table.str()); at != store().rows.lower_bound(table.end()); ++at) {
    Item item;
    static_cast<records::ItemRow&>(item) = records::decode<records::ItemRow>(at->second).value();
    item.job_number = records::KeyReader(at->first, "item").number();
    found.push_back(std::move(item));
  }
  return found;
}

std::uint64_t JobsView::pending() const {
  const auto counts = store().rows.find(records::Key("counts").str());
  return counts == store().rows.end() ? 0
                                      : records::decode<records::JobCounts>(counts->second).value().pending;
}

}  // namespace larder::sim
