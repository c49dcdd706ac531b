#include "metrics/alerts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/assert.h"
#include "base/text.h"
#include "base/wire.h"

namespace larder::metrics {

namespace {

using std::chrono::minutes;

constexpr std::uint8_t encoding_version = 1;

bool holds(const AlertRow& row, double value) {
  return row.comparison == Comparison::above ? value > row.threshold : value < row.threshold;
}

double worse(const AlertRow& row, double a, double b) {
  return row.comparison == Comparison::above ? std::max(a, b) : std::min(a, b);
}

void enter(AlertState& state, AlertPhase phase, Instant now) {
  state.phase = phase;
  state.since = now;
}

void fire(AlertState& state, double value, Instant now) {
  enter(state, AlertPhase::firing, now);
  state.fired_at = now;
  state.worst = value;
}

// The phase alone: who is told what is another matter.
void move(const AlertRow& row, AlertState& state, double value, Instant now) {
  const bool bad = holds(row, value);
  switch (state.phase) {
    case AlertPhase::quiet:
      if (bad && row.hold == Millis(0)) {
        fire(state, value, now);
      } else if (bad) {
        enter(state, AlertPhase::pending, now);
      }
      return;
    case AlertPhase::pending:
      if (!bad) {
        enter(state, AlertPhase::quiet, now);
      } else if (now - state.since >= row.hold) {
        fire(state, value, now);
      }
      return;
    case AlertPhase::firing:
      state.worst = worse(row, state.worst, value);
      if (!bad) {
        enter(state, AlertPhase::clearing, now);
      }
      return;
    case AlertPhase::clearing:
      if (bad) {
        // The same trouble goes on: it fired when it fired.
        enter(state, AlertPhase::firing, now);
        state.worst = worse(row, state.worst, value);
      } else if (now - state.since >= clear_hold(row)) {
        enter(state, AlertPhase::quiet, now);
        state.resolved_at = now;
      }
      return;
  }
  LARDER_UNREACHABLE();
}

std::uint64_t bits_of(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

double double_of(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void write_instant(RecordWriter& record, Instant at) {
  record.u64(static_cast<std::uint64_t>(millis_since_epoch(at)));
}

Instant read_instant(RecordReader& record) {
  return instant_from_millis(static_cast<std::int64_t>(record.u64()));
}

// Two digits behind the point at most.
std::string rounded(double value) {
  const auto hundredths = static_cast<std::int64_t>(std::llround(value * 100));
  std::string text = larder::to_text(hundredths / 100);
  const std::int64_t rest = std::abs(hundredths % 100);
  if (rest != 0) {
    text += concat({".", rest < 10 ? "0" : "", larder::to_text(rest)});
    if (text.back() == '0') {
      text.pop_back();
    }
  }
  return text;
}

}  // namespace

const std::vector<SignalRow>& signal_rows() {
  static const std::vector<SignalRow> rows = {
#define LARDER_SIGNAL(name, unit, window_minutes, what) \
  {Signal::name, #name, #unit, minutes(window_minutes), what},
#include "metrics/signals.def"
#undef LARDER_SIGNAL
  };
  return rows;
}

const std::vector<AlertRow>& alert_rows() {
  static const std::vector<AlertRow> rows = {
#define LARDER_ALERT(name, severity, signal, comparison, threshold, hold, what, help, section) \
  {Alert::name,                                                                                \
   #name,                                                                                      \
   Severity::severity,                                                                         \
   Signal::signal,                                                                             \
   Comparison::comparison,                                                                     \
   threshold,                                                                                  \
   minutes(hold),                                                                              \
   what,                                                                                       \
   help,                                                                                       \
   section},
#include "metrics/alerts.def"
#undef LARDER_ALERT
  };
  return rows;
}

const AlertRow* find_alert(std::string_view name) {
  for (const AlertRow& row : alert_rows()) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

std::string_view to_text(Severity severity) { return severity == Severity::page ? "page" : "ticket"; }

std::string_view to_text(AlertPhase phase) {
  switch (phase) {
    case AlertPhase::quiet:
      return "quiet";
    case AlertPhase::pending:
      return "pending";
    case AlertPhase::firing:
    case AlertPhase::clearing:
      return "firing";
  }
  LARDER_UNREACHABLE();
}

AlertNews evaluate(const AlertRow& row, AlertState& state, std::optional<double> value, Instant now) {
  if (value) {
    state.value = value;
    move(row, state, *value, now);
  }
  const bool is_firing = state.phase == AlertPhase::firing || state.phase == AlertPhase::clearing;
  if (is_firing == state.told_firing || now < state.silenced_until) {
    return AlertNews::none;
  }
  state.told_firing = is_firing;
  return is_firing ? AlertNews::fired : AlertNews::resolved;
}

std::string encode(const Measurements& measured) {
  RecordWriter record;
  record.u8(encoding_version);
  for (const std::optional<double>& value : measured) {
    record.u8(value ? 1 : 0);
    record.u64(bits_of(value.value_or(0)));
  }
  return std::move(record).take();
}

Result<Measurements> decode_measurements(std::string_view bytes) {
  RecordReader record(bytes);
  const bool known = record.u8() == encoding_version;
  Measurements measured;
  for (std::optional<double>& value : measured) {
    const bool has_value = record.u8() == 1;
    const double number = double_of(record.u64());
    if (has_value && std::isfinite(number)) {
      value = number;
    }
  }
  if (!known || !record.complete()) {
    return fail(ErrorKind::corrupt, "alerts", "What was measured does not decode.");
  }
  return measured;
}

std::string encode(const AlertStates& states) {
  LARDER_ASSERT(states.size() == alert_rows().size());
  RecordWriter record;
  record.u8(encoding_version);
  record.u32(static_cast<std::uint32_t>(states.size()));
  for (std::size_t i = 0; i < states.size(); ++i) {
    const AlertState& state = states[i];
    record.text(alert_rows()[i].name);
    record.u8(static_cast<std::uint8_t>(state.phase));
    write_instant(record, state.since);
    write_instant(record, state.fired_at);
    write_instant(record, state.resolved_at);
    record.u8(state.value ? 1 : 0);
    record.u64(bits_of(state.value.value_or(0)));
    record.u64(bits_of(state.worst));
    write_instant(record, state.silenced_until);
    record.u8(state.told_firing ? 1 : 0);
  }
  return std::move(record).take();
}

Result<AlertStates> decode_alert_states(std::string_view bytes) {
  const auto corrupt = [] {
    return fail(ErrorKind::corrupt, "alerts", "The alerts' states do not decode; all begin quiet.");
  };
  RecordReader record(bytes);
  if (record.u8() != encoding_version) {
    return corrupt();
  }
  AlertStates states(alert_rows().size());
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && record.ok(); ++i) {
    const std::string name = record.text();
    AlertState state;
    const std::uint8_t phase = record.u8();
    if (phase > static_cast<std::uint8_t>(AlertPhase::clearing)) {
      return corrupt();
    }
    state.phase = static_cast<AlertPhase>(phase);
    state.since = read_instant(record);
    state.fired_at = read_instant(record);
    state.resolved_at = read_instant(record);
    const bool has_value = record.u8() == 1;
    const double value = double_of(record.u64());
    if (has_value) {
      state.value = value;
    }
    state.worst = double_of(record.u64());
    state.silenced_until = read_instant(record);
    state.told_firing = record.u8() == 1;
    if (const AlertRow* row = find_alert(name)) {
      states[static_cast<std::size_t>(row->alert)] = state;
    }
  }
  if (!record.complete()) {
    return corrupt();
  }
  return states;
}

std::string value_text(const AlertRow& row, double value) {
  const std::string_view unit = signal_rows()[static_cast<std::size_t>(row.signal)].unit;
  if (unit == "ratio") {
    return concat({rounded(value * 100), " %"});
  }
  if (unit == "seconds") {
    return concat({rounded(value * 1000), " ms"});
  }
  return rounded(value);
}

}  // namespace larder::metrics
