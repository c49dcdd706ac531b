// Alerts: which rows of alerts.def hold, since when, and who has been told. Pure: a state and a measurement
// give the next state and what is to be said.
//
//   quiet ──holds──> pending ──for hold──> firing ──well──> clearing ──for clear_hold()──> quiet
//                       └──well──> quiet      ^────holds again────┘
//
// A signal without data leaves everything as it is. An alert is told when it fires and when it resolves, once
// each: `told` says what the last message was. While it is silenced nothing is told; what still fires when
// the silence ends is told then.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace larder::metrics {

enum class Signal : std::uint8_t {
#define LARDER_SIGNAL(name, unit, window_minutes, what) name,
#include "metrics/signals.def"
#undef LARDER_SIGNAL
};
inline constexpr std::size_t signal_count = 0
#define LARDER_SIGNAL(name, unit, window_minutes, what) +1
#include "metrics/signals.def"
#undef LARDER_SIGNAL
    ;
struct SignalRow {
  Signal signal;
  std::string_view name;
  std::string_view unit;
  Millis window;
  std::string_view what;
};
const std::vector<SignalRow>& signal_rows();

// By signal; nullopt: there is no data for it.
using Measurements = std::array<std::optional<double>, signal_count>;

enum class Severity : std::uint8_t { page, ticket };
std::string_view to_text(Severity severity);
enum class Comparison : std::uint8_t { above, below };

enum class Alert : std::uint8_t {
#define LARDER_ALERT(name, severity, signal, comparison, threshold, hold, what, help, section) name,
#include "metrics/alerts.def"
#undef LARDER_ALERT
};
struct AlertRow {
  Alert alert;
  std::string_view name;
  Severity severity;
  Signal signal;
  Comparison comparison;
  double threshold;
  Millis hold;
  std::string_view what;
  std::string_view help;
  std::string_view section;
};
const std::vector<AlertRow>& alert_rows();
// How long it has to be well before an alert resolves: as long as it takes to fire, and never so short that a
// value which wavers about the threshold from one look to the next tells people each time.
inline constexpr Millis clear_hold_min = std::chrono::minutes(15);
constexpr Millis clear_hold(const AlertRow& row) {
  return row.hold > clear_hold_min ? row.hold : clear_hold_min;
}
// nullptr: there is none of that name.
const AlertRow* find_alert(std::string_view name);

enum class AlertPhase : std::uint8_t { quiet, pending, firing, clearing };
// pending and firing as operators know them; clearing is still firing.
std::string_view to_text(AlertPhase phase);

struct AlertState {
  AlertPhase phase = AlertPhase::quiet;
  // When the phase began.
  Instant since;
  // When it fired last; of a quiet alert, the last time.
  Instant fired_at;
  Instant resolved_at;
  // What the signal was when it was last looked at.
  std::optional<double> value;
  // The worst value since it fired.
  double worst = 0;
  Instant silenced_until;
  // The last message said that it fires.
  bool told_firing = false;
};

enum class AlertNews : std::uint8_t { none, fired, resolved };

// The next state, in place, and what is to be told now.
AlertNews evaluate(const AlertRow& row, AlertState& state, std::optional<double> value, Instant now);

std::string encode(const Measurements& measured);
// Errors: corrupt.
Result<Measurements> decode_measurements(std::string_view bytes);

// States of all rows by their names, as bytes. A row that is new begins quiet, one that is gone is forgotten.
using AlertStates = std::vector<AlertState>;  // one for each row of alert_rows(), in order
std::string encode(const AlertStates& states);
// Errors: corrupt.
Result<AlertStates> decode_alert_states(std::string_view bytes);

// "0.87", "12.4 ms", "14.4": a signal's value for people.
std::string value_text(const AlertRow& row, double value);

}  // namespace larder::metrics
