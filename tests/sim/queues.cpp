#include "sim/queues.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "warm/warming.h"

namespace larder::sim {

namespace {

// Of the warming queues: the first delivery and three retries.
constexpr std::uint32_t attempts_max = 4;
constexpr std::uint32_t letter_attempts_max = 101;

}  // namespace

void Queues::send(const std::string& binding, std::string body, Instant from) {
  Held held;
  held.queue = std::string(binding == "AUTHOR_WARMING_PRIORITY" ? priority_queue : normal_queue);
  held.body = std::move(body);
  held.from = from;
  waiting_[concat({"m", to_text(next_id_++)})] = std::move(held);
}

std::optional<Queues::Batch> Queues::deliver(Instant now, std::size_t under_way) {
  std::vector<std::string> due;
  for (auto& [id, held] : waiting_) {
    if (held.queue != letter_queue && held.attempts == attempts_max) {
      held.queue = std::string(letter_queue);
      held.attempts = 0;
      ++platform_letters_;
    }
    LARDER_ASSERT(held.attempts < letter_attempts_max);
    if (held.from <= now) {
      due.push_back(id);
    }
  }
  if (due.empty() || under_way >= batches_at_once) {
    return std::nullopt;
  }
  Batch batch;
  batch.queue = waiting_.at(due[random_.index(due.size())]).queue;
  const std::size_t most = 1 + random_.index(batch_max);
  while (!due.empty() && batch.messages.size() < most) {
    const std::size_t at = random_.index(due.size());
    const std::string id = due[at];
    due.erase(due.begin() + static_cast<std::ptrdiff_t>(at));
    if (waiting_.at(id).queue != batch.queue) {
      continue;
    }
    Held held = std::move(waiting_.at(id));
    waiting_.erase(id);
    held.attempts += 1;
    batch.messages.emplace_back(id, held.attempts, held.body);
    under_way_[id] = std::move(held);
  }
  return batch;
}

Instant Queues::next_due() const {
  Instant next = Instant::max();
  for (const auto& [id, held] : waiting_) {
    next = std::min(next, held.from);
  }
  return next;
}

Queues::Held Queues::take(const std::string& id) {
  const auto found = under_way_.find(id);
  LARDER_ASSERT(found != under_way_.end());
  Held held = std::move(found->second);
  under_way_.erase(found);
  return held;
}

void Queues::acknowledge(const std::string& id) { take(id); }

void Queues::retry(const std::string& id, Instant from) {
  Held held = take(id);
  held.from = from;
  waiting_[id] = std::move(held);
}

void Queues::acknowledge_in_vain(const std::string& id, Instant from) {
  Held held = take(id);
  // The platform does not remember how often it was there.
  held.attempts = 0;
  held.from = from;
  waiting_[id] = std::move(held);
}

bool Queues::lose_one(Random& random) {
  if (waiting_.empty()) {
    return false;
  }
  const auto found = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(random.index(waiting_.size())));
  lost_[found->first] = std::move(found->second);
  waiting_.erase(found);
  return true;
}

bool Queues::is_letter(const std::string& id) const { return under_way_.at(id).queue == letter_queue; }

}  // namespace larder::sim
