// Rows on their way from an isolate to an object that keeps them for good. Rows of a short while are sent
// together, by the request that was there first, so that none stays behind in an isolate that falls idle. A
// batch that was not acknowledged stays, and is sent again under the same name, by which the object knows it;
// what is more than a bound is dropped, and counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "host/operations.h"
#include "host/task.h"

namespace larder::records {

struct OutboxTerms {
  // How long rows are gathered, and how much later whoever gathers them counts as lost.
  Millis gathered;
  Millis late;
  // Rows that wait, beside one batch under way.
  std::size_t rows_max;
  std::size_t batch_rows_max;

  OutboxTerms(Millis gathered_, Millis late_, std::size_t rows_max_, std::size_t batch_rows_max_)
      : gathered(gathered_), late(late_), rows_max(rows_max_), batch_rows_max(batch_rows_max_) {}
};

template <typename Row>
class Outbox {
 public:
  // One call of the object with a batch of that name. nullopt: it has them.
  using Send = std::function<host::Task<std::optional<Error>>(host::Context here, std::string batch,
                                                              std::vector<Row> rows)>;

  Outbox(OutboxTerms terms, Send send) : terms_(terms), send_(std::move(send)) {}

  // Where there is no room the oldest row goes, and is given back: an outage of the object costs rows, never
  // memory.
  std::optional<Row> add(Row row) {
    std::optional<Row> dropped;
    if (rows_.size() >= terms_.rows_max) {
      dropped.emplace(std::move(rows_.front()));
      rows_.pop_front();
      ++dropped_;
    }
    rows_.push_back(std::move(row));
    return dropped;
  }

  // Returns once rows have been gathered for their time, and says whether this request is the one to flush
  // them: the others are told no at once. A request that was lost while it gathered is replaced by the next
  // one.
  host::Task<bool> gather(host::Context here) {
    const Instant now = here.host().now();
    if (now < gathering_until_ + terms_.late) {
      co_return false;
    }
    gathering_until_ = now + terms_.gathered;
    const auto waited = co_await host::park(here, static_cast<std::uint64_t>(terms_.gathered.count()));
    static_cast<void>(waited);
    co_return true;
  }

  // Sends all that there is, batch after batch, until one fails: then its error, and it stays, unless the
  // object refuses it as invalid, which it would do for ever.
  host::Task<std::optional<Error>> flush(host::Context here) {
    std::optional<Error> failed;
    while (!failed && (!rows_.empty() || !batch_.empty())) {
      if (batch_.empty()) {
        begin_batch(here.host());
      }
      const std::string name = batch_name_;
      std::vector<Row> rows = batch_;
      failed = co_await send_(here, name, std::move(rows));
      // Another request may have sent the same batch meanwhile, and begun the next.
      const bool is_refused = failed && failed->kind == ErrorKind::invalid;
      if ((!failed || is_refused) && name == batch_name_) {
        dropped_ += is_refused ? batch_.size() : 0;
        batch_.clear();
      }
    }
    gathering_until_ = Instant();
    co_return failed;
  }

  // Takes out rows that are no part of a batch yet, and says how many.
  template <typename Predicate>
  std::size_t erase_if(Predicate predicate) {
    const auto gone = std::remove_if(rows_.begin(), rows_.end(), predicate);
    const auto count = static_cast<std::size_t>(rows_.end() - gone);
    rows_.erase(gone, rows_.end());
    return count;
  }

  std::size_t waiting() const { return rows_.size() + batch_.size(); }
  // Under way, or not yet acknowledged.
  const std::vector<Row>& batch() const { return batch_; }
  // Rows that were dropped since this was asked last.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }

 private:
  void begin_batch(host::Host& host) {
    constexpr std::size_t name_bytes = 12;
    const std::size_t count = std::min(rows_.size(), terms_.batch_rows_max);
    const auto end = rows_.begin() + static_cast<std::ptrdiff_t>(count);
    batch_.assign(std::make_move_iterator(rows_.begin()), std::make_move_iterator(end));
    rows_.erase(rows_.begin(), end);
    batch_name_ = to_hex(host.random_bytes(name_bytes));
  }

  const OutboxTerms terms_;
  const Send send_;
  std::deque<Row> rows_;
  // The same rows under the same name until they are acknowledged.
  std::vector<Row> batch_;
  std::string batch_name_;
  std::uint64_t dropped_ = 0;
  // A request gathers rows until then.
  Instant gathering_until_;
};

}  // namespace larder::records
