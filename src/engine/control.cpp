#include "engine/control.h"

#include <algorithm>

#include "config/limits.h"
#include "host/operations.h"
#include "records/control_log.h"

namespace larder::engine {

namespace {

constexpr std::uint64_t copy_seconds =
    static_cast<std::uint64_t>(config::limit::control_copy_kept.count()) / 1000;

}  // namespace

bool Control::take_up(std::string_view document) {
  if (document == document_) {
    return true;
  }
  auto log = records::read_control_log(document);
  if (!log) {
    counters_.add(observe::Counter::cache_errors_total, "control", to_text(log.error().kind));
    return false;
  }
  // A copy of the data centre's cache may be older than what this isolate has seen.
  if (log->sequence < log_.sequence) {
    return true;
  }
  std::vector<config::Purge> news;
  for (const config::Purge& purge : log->purges) {
    if (purge.sequence > log_.sequence) {
      news.push_back(purge);
    }
  }
  news_ = policy::PurgeBook(news);
  log_ = std::move(*log);
  purges_ = policy::PurgeBook(log_.purges);
  document_ = std::string(document);
  on_change_();
  return true;
}

host::Task<void> Control::read(host::Context here) {
  const Instant asked = host_.now();
  reading_until_ = asked + config::limit::control_read_patience;
  auto read = co_await host::control_read(
      here, 0, copy_seconds, static_cast<std::uint64_t>(config::limit::control_read_patience.count()));
  if (!read) {
    unavailable_ = read.error().kind == ErrorKind::unsupported;
    if (!unavailable_) {
      counters_.add(observe::Counter::cache_errors_total, "control", to_text(read.error().kind));
    }
  } else {
    take_up(read->document);
  }
  // After a failed read the log is not asked again by every request.
  read_at_ = std::max(read_at_, asked);
  reading_until_ = Instant();
}

host::Task<void> Control::make_current(host::Context here) {
  const Instant now = host_.now();
  const bool somebody_reads = now < reading_until_;
  // While another request reads the log, a view may be older by control_read_patience, and no more.
  const Instant patience = current_until() + config::limit::control_read_patience;
  if (is_current(now) || (somebody_reads && now < patience)) {
    co_return;
  }
  co_await read(here);
}

bool Control::is_due_ahead(Instant now) const {
  return !unavailable_ && now >= read_at_ + config::limit::control_ahead && now >= reading_until_;
}

host::Task<void> Control::read_ahead(host::Context here) {
  if (is_due_ahead(host_.now())) {
    co_await read(here);
  }
}

host::Task<Result<std::uint64_t>> Control::append(host::Context here, std::string changes) {
  auto appended = co_await host::control_append(here, changes, copy_seconds);
  if (!appended) {
    co_return tl::make_unexpected(std::move(appended.error()));
  }
  const auto log = records::read_control_log(appended->document);
  if (!log) {
    co_return tl::make_unexpected(log.error());
  }
  take_up(appended->document);
  read_at_ = host_.now();
  co_return log_.sequence;
}

}  // namespace larder::engine
