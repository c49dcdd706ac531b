#include "entry/canonical_json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/json_writer.h"
#include "base/text.h"
#include "simdjson.h"

namespace larder::entry {

namespace {

namespace dom = simdjson::dom;

constexpr int depth_max = 32;
// Below this every whole number is a double of its own.
constexpr double whole_max = 9'007'199'254'740'992.0;

Failure refuse(std::string message) { return fail(ErrorKind::invalid, "json", std::move(message)); }

// With the fewest decimals that give the same number back; "" where 15 are not enough.
std::string decimal(double number) {
  const bool negative = number < 0;
  const double size = negative ? -number : number;
  double scale = 1;
  for (std::size_t decimals = 0; decimals <= 15 && size * scale < whole_max; ++decimals, scale *= 10) {
    const double whole = std::round(size * scale);
    if (whole / scale != size || whole >= whole_max) {
      continue;
    }
    std::string digits = to_text(static_cast<std::uint64_t>(whole));
    if (decimals > 0) {
      digits.insert(0, digits.size() <= decimals ? decimals + 1 - digits.size() : 0, '0');
      digits.insert(digits.size() - decimals, ".");
    }
    return negative && whole != 0 ? "-" + digits : digits;
  }
  return "";
}

class Writer {
 public:
  Result<void> write(dom::element element, int depth) {
    if (depth > depth_max) {
      return refuse("It is nested deeper than 32; flatten it.");
    }
    switch (element.type()) {
      case dom::element_type::OBJECT:
        return write_object(element, depth);
      case dom::element_type::ARRAY: {
        dom::array items;
        if (element.get(items) != simdjson::SUCCESS) {
          return refuse("It has an array that cannot be read.");
        }
        json_.begin_array();
        for (const dom::element item : items) {
          auto written = write(item, depth + 1);
          if (!written) {
            return written;
          }
        }
        json_.end_array();
        return {};
      }
      case dom::element_type::STRING:
        return write_value<std::string_view>(element);
      case dom::element_type::INT64:
        return write_value<std::int64_t>(element);
      case dom::element_type::UINT64:
        return write_value<std::uint64_t>(element);
      case dom::element_type::DOUBLE: {
        double number = 0;
        const bool read = element.get(number) == simdjson::SUCCESS;
        const std::string digits = read ? decimal(number) : "";
        if (digits.empty()) {
          return refuse("It has a number of too many digits; round it, or write it as a text.");
        }
        json_.raw(digits);
        return {};
      }
      case dom::element_type::BOOL:
        return write_value<bool>(element);
      case dom::element_type::NULL_VALUE:
        json_.null();
        return {};
    }
    return refuse("It has a value of no kind that JSON knows.");
  }

  std::string take() && { return std::move(json_).take(); }

 private:
  template <typename T>
  Result<void> write_value(dom::element element) {
    T value{};
    if (element.get(value) != simdjson::SUCCESS) {
      return refuse("It has a value that cannot be read.");
    }
    json_.value(value);
    return {};
  }

  Result<void> write_object(dom::element element, int depth) {
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return refuse("It has an object that cannot be read.");
    }
    std::vector<std::pair<std::string_view, dom::element>> members;
    for (const auto& [name, value] : object) {
      members.emplace_back(name, value);
    }
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    json_.begin_object();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto& [name, value] = members[i];
      if (i > 0 && members[i - 1].first == name) {
        return refuse(concat({"The member \"", name, "\" is given twice; keep one."}));
      }
      if (value.is_null()) {
        continue;
      }
      json_.key(name);
      auto written = write(value, depth + 1);
      if (!written) {
        return written;
      }
    }
    json_.end_object();
    return {};
  }

  JsonWriter json_;
};

}  // namespace

Result<std::string> canonical_json(std::string_view json) {
  dom::parser parser;
  const simdjson::padded_string padded(json);
  dom::element root;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
    return refuse("It is no JSON; check its quotes, commas and brackets.");
  }
  Writer writer;
  auto written = writer.write(root, 0);
  if (!written) {
    return tl::make_unexpected(std::move(written.error()));
  }
  return std::move(writer).take();
}

}  // namespace larder::entry
