#include "base/json_writer.h"

#include <cmath>
#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace larder {

JsonWriter& JsonWriter::begin_object() { return open('{'); }
JsonWriter& JsonWriter::end_object() { return close('}'); }
JsonWriter& JsonWriter::begin_array() { return open('['); }
JsonWriter& JsonWriter::end_array() { return close(']'); }

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  needs_comma_ = false;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  LARDER_ASSERT(depth_ > 0);
  --depth_;
  out_.push_back(bracket);
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quote(name);
  out_.push_back(':');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  const bool finite = number - number == 0.0;
  if (!finite || number > 9e12 || number < -9e12) {
    return null();
  }
  const bool negative = number < 0;
  const auto micros = static_cast<std::uint64_t>(std::llround((negative ? -number : number) * 1e6));
  std::string text = to_text(micros / 1'000'000);
  if (const std::uint64_t fraction = micros % 1'000'000; fraction != 0) {
    std::string digits = to_text(1'000'000 + fraction).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text.append(".").append(digits);
  }
  return raw(negative && micros != 0 ? "-" + text : text);
}

JsonWriter& JsonWriter::integer(std::int64_t number) { return raw(to_text(number)); }
JsonWriter& JsonWriter::integer(std::uint64_t number) { return raw(to_text(number)); }

JsonWriter& JsonWriter::texts(const std::vector<std::string>& list) {
  begin_array();
  for (const std::string& text : list) {
    value(text);
  }
  return end_array();
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

std::string JsonWriter::take() && {
  LARDER_ASSERT(depth_ == 0);
  return std::move(out_);
}

void JsonWriter::separate() {
  if (needs_comma_) {
    out_.push_back(',');
  }
  needs_comma_ = true;
}

void JsonWriter::quote(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto is_plain = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  };
  out_.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    // Most of a text stands for itself, and is taken in one.
    const std::size_t from = at;
    while (at < text.size() && is_plain(text[at])) {
      ++at;
    }
    out_.append(text.substr(from, at - from));
    if (at == text.size()) {
      break;
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      out_.append("\xef\xbf\xbd");
    } else if (byte < 0x20) {
      out_.append("\\u00");
      out_.push_back(digits[byte >> 4]);
      out_.push_back(digits[byte & 15]);
    } else {
      if (byte == '"' || byte == '\\') {
        out_.push_back('\\');
      }
      out_.append(text.substr(at, length));
    }
    at += length == 0 ? 1 : length;
  }
  out_.push_back('"');
}

}  // namespace larder
