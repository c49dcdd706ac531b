// What a Durable Object keeps: ordered rows in its storage, and one string in its memory. The Worker
// implements it over the platform's synchronous key-value storage (wasm/imports_store.cpp), the tests over a
// map.
//
// All that one call of an object does to its rows is one transaction: it happens whole, or, where the call
// traps, not at all. Keys are ASCII (records/key.h), ordered by their bytes, at most 2,048 of them; a key and
// its value together at most 2 MB (Cloudflare, Durable Objects with SQLite, read 2026-11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::records {

struct Row {
  std::string key;
  std::string value;

  Row() {}
  Row(std::string key_, std::string value_) : key(std::move(key_)), value(std::move(value_)) {}
};

enum class Order : std::uint8_t { ascending, descending };

// Rows with start <= key < end, the first `count_max` of them in this order.
struct Range {
  std::string start;
  std::string end;
  std::size_t count_max;
  Order order = Order::ascending;

  Range(std::string start_, std::string end_, std::size_t count_max_, Order order_ = Order::ascending)
      : start(std::move(start_)), end(std::move(end_)), count_max(count_max_), order(order_) {}
};

class Store {
 public:
  virtual ~Store() = default;

  virtual std::optional<std::string> get(std::string_view key) = 0;
  virtual void put(std::string_view key, std::string_view value) = 0;
  // Nothing happens where there is no such row.
  virtual void erase(std::string_view key) = 0;
  virtual std::vector<Row> range(const Range& range) = 0;

  // A string in the object's memory, which costs nothing to write. It is gone once the platform puts the
  // object aside, which it does with an object that nobody has asked for several seconds, or resets it. A
  // call that traps leaves it as it was.
  virtual std::optional<std::string> recall() = 0;
  virtual void remember(std::string_view memory) = 0;
};

}  // namespace larder::records
