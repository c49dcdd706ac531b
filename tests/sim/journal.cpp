#include "sim/journal.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"

namespace larder::sim {

void Journal::mix(std::uint64_t value) { digest_ = (digest_ ^ value) * 0x100000001b3; }

void Journal::note(Instant now, std::string_view key, std::string_view what, std::uint32_t isolate,
                   std::uint32_t request, std::int64_t value) {
  mix(static_cast<std::uint64_t>(millis_since_epoch(now)));
  for (const char c : what) {
    mix(static_cast<unsigned char>(c));
  }
  mix((std::uint64_t{isolate} << 32) | request);
  mix(static_cast<std::uint64_t>(value));
  last_key_ = key;
  auto found = events_.find(key);
  if (found == events_.end()) {
    found = events_.emplace(std::string(key), std::deque<Event>()).first;
  }
  found->second.push_back(Event{next_order_++, steps_, now, what, isolate, request, value});
  if (found->second.size() > story_length) {
    found->second.pop_front();
  }
}

void Journal::violate(Invariant invariant, std::string_view key, std::string explanation) {
  if (violation_) {
    return;
  }
  Violation violation{invariant, steps_, std::string(key), std::move(explanation), {}};
  std::vector<Event> events;
  // A name that nobody asked for has no story: then it is the story of what went on just now.
  const std::string_view teller = events_.find(key) == events_.end() ? std::string_view(last_key_) : key;
  for (const std::string_view of : {teller, std::string_view("")}) {
    const auto found = events_.find(of);
    if (found != events_.end()) {
      events.insert(events.end(), found->second.begin(), found->second.end());
    }
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.order < b.order; });
  for (const Event& event : events) {
    violation.story.push_back(line(event));
  }
  violation_ = std::move(violation);
}

std::string Journal::line(const Event& event) {
  std::string text = concat({"step ", to_text(event.step), "  ", to_text(millis_since_epoch(event.at))});
  if (event.isolate != 0) {
    text += concat({"  isolate ", to_text(std::uint64_t{event.isolate})});
  }
  if (event.request != 0) {
    text += concat({" request ", to_text(std::uint64_t{event.request})});
  }
  text += concat({"  ", event.what});
  if (event.value != 0) {
    text += concat({" ", to_text(event.value)});
  }
  return text;
}

void Journal::begin_epoch() {
  ++epochs_;
  events_.clear();
}

std::vector<std::string_view> Journal::never_seen() const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (faults_[i] == 0) {
      names.push_back(fault_rows[i].text);
    }
  }
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    if (probes_[i] == 0) {
      names.push_back(probe_rows[i].text);
    }
  }
  return names;
}

std::string Journal::summary() const {
  std::string text = concat({"steps ", to_text(steps_), ", requests ", to_text(requests_), "\noperations"});
  for (const auto& [kind, count] : operations_) {
    text += concat({" ", name_of(static_cast<host::OperationKind>(kind)), "=", to_text(count)});
  }
  text += "\nfaults";
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    text += concat({" ", fault_rows[i].text, "=", to_text(faults_[i])});
  }
  text += "\nprobes";
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    text += concat({" ", probe_rows[i].text, "=", to_text(probes_[i])});
  }
  return text;
}

std::string_view name_of(host::OperationKind kind) {
  switch (kind) {
#define LARDER_OPERATION(name, number, arguments, results) \
  case host::OperationKind::name:                          \
    return #name;
#include "host/ops.def"
#undef LARDER_OPERATION
  }
  LARDER_UNREACHABLE();
}

}  // namespace larder::sim
