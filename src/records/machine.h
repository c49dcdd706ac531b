// What the state machines of all objects share. A machine lives for one call: it finds its state in the
// store, and the time is given. What a call refuses is an error of the kinds of host/statuses.def, and has
// written nothing.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "records/fields.h"
#include "records/key.h"
#include "records/store.h"

namespace larder::records {

// When the platform is to call the object by itself.
enum class Wish : std::uint8_t {
  none,       // as was said before
  alarm,      // at `at`
  give_back,  // the object keeps nothing: its storage may be given back, and no alarm is due
};

class Machine {
 public:
  Machine(Store& store, Instant now) : store_(store), now_(now) {}
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // The alarm is due. Machines that ask for alarms have their own.
  void alarm() {}

  Wish wish() const { return wish_; }
  Instant alarm_at() const { return alarm_at_; }
  // For the dispatcher: the alarm that was asked for is this one.
  void take_alarm() { store_.erase(alarm_key); }

 protected:
  // There shall be an alarm no later than that. It comes at least once, perhaps sooner than asked for.
  void wake_by(Instant at);
  void give_back();

  template <typename Record>
  std::optional<Record> row(const Key& key) {
    const auto value = store_.get(key.str());
    return value ? decode<Record>(*value) : std::nullopt;
  }
  template <typename Record>
  void put_row(const Key& key, const Record& record) {
    store_.put(key.str(), encode(record));
  }
  // Erases the first rows of a table, `count_max` at most, and says how many.
  std::size_t erase_range(std::string start, std::string end, std::size_t count_max);

  Store& store_;
  const Instant now_;

 private:
  static constexpr std::string_view alarm_key = "alarm";

  Wish wish_ = Wish::none;
  Instant alarm_at_;
};

}  // namespace larder::records
