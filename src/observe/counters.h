// Counters of this isolate, by the rows of counters.def. Counting is an addition to a cell of an array: the
// values of a label are numbers, those of enums and of declared resources from the start, others from when
// they are first seen. Past the bound of its row in labels.def a new value counts as "other", so nothing
// grows for ever.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "config/declaration.h"
#include "config/tiers.h"
#include "http/message.h"

namespace larder::observe {

enum class Counter : std::uint8_t {
#define LARDER_COUNTER(name, first, second, help) name,
#include "observe/counters.def"
#undef LARDER_COUNTER
};

struct CounterRow {
  Counter counter;
  std::string_view name;
  std::string_view first_label;
  std::string_view second_label;
  std::string_view help;
};
const std::vector<CounterRow>& counter_rows();

// A label's value: a number, or a word that is looked for among the values of the counter's label when it
// counts. Views of words have to outlive the call alone.
class Label {
 public:
  // The counter has no such label, or this once no value of it.
  constexpr Label() {}
  // Of "impl" and "what".
  constexpr explicit Label(config::Tier tier) : Label(number_of(tier)) {}
  explicit Label(config::CacheImplementation implementation) : Label(config::to_text(implementation)) {}
  // Of "error_type".
  constexpr explicit Label(ErrorKind kind) : Label(number_of(kind)) {}
  // Of "method".
  constexpr explicit Label(http::Method method) : Label(number_of(method)) {}
  constexpr Label(std::string_view word) : word_(word), number_(0), is_word_(!word.empty()) {}
  constexpr Label(const char* word) : Label(std::string_view(word)) {}
  Label(const std::string& word) : Label(std::string_view(word)) {}

  // The numbers that every list of values begins with.
  static constexpr std::uint16_t no_value = 0;
  static constexpr std::uint16_t other = 1;
  static constexpr std::uint16_t first_number = 2;

 private:
  friend class Counters;
  constexpr explicit Label(std::uint16_t number) : number_(number) {}
  template <typename Enum>
  static constexpr std::uint16_t number_of(Enum value) {
    return static_cast<std::uint16_t>(first_number + static_cast<std::size_t>(value));
  }

  std::string_view word_;
  std::uint16_t number_ = no_value;
  bool is_word_ = false;
};

class Counters {
 public:
  Counters();

  // Once, before anything is counted: gives each resource its numbers by its place in the declarations.
  void name_resources(const std::vector<config::Resource>& resources);
  // The label "key_pattern" of a key: by its resource's number, or by its word where that is 0.
  Label pattern(std::uint16_t resource_number, std::string_view word);
  // The labels "route" and "origin" of a resource.
  Label route(const config::Resource& resource);
  Label origin(const config::Resource& resource);

  void add(Counter counter, Label first = {}, Label second = {}, std::uint64_t count = 1);
  std::uint64_t value(Counter counter, Label first = {}, Label second = {}) const;
  // The sum over all series of a counter.
  std::uint64_t total(Counter counter) const;

  // {"cache_hits_total": [{"impl": "memory", "key_pattern": "title", "value": 3}], …}; counters never touched
  // are left out.
  void write(JsonWriter& json) const;

 private:
  // The values of one label.
  struct Values {
    std::size_t values_max = 1;
    std::vector<std::string> words;
    // By the number of a resource; 0 is Label::other.
    std::vector<std::uint16_t> of_resources;

    Values() {}
  };
  // The cells of one counter, by the values of its labels; none before the first is counted.
  struct Cells {
    std::size_t first = 0;
    std::size_t second = 0;
    std::vector<std::uint64_t> counts;

    Cells() {}
  };

  static std::uint16_t find(const Values& values, std::string_view word);
  static std::uint16_t intern(Values& values, std::string_view word);
  static void seed(Values& values, std::string_view word);
  Label of_resource(std::size_t label, std::uint16_t resource_number, std::string_view word);

  std::vector<Values> labels_;
  std::vector<Cells> rows_;
};

}  // namespace larder::observe
