// Reads a JSON text piece by piece, where a document of it would take too much memory (a parsed document
// takes some fourteen times the text): the members of an object or the items of an array, each as the part of
// the text that it takes up.
//
// A piece is found, not judged: what brackets hold is not looked at. Who uses a piece parses it (JsonText),
// or decodes it (decode_json_string), and so finds what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::json {

struct JsonPiece {
  // The member's name as it stands, with its quotes; empty for an item.
  std::string_view name;
  std::string_view value;

  // Without white space around it, and not empty.
  JsonPiece(std::string_view name_, std::string_view value_) : name(name_), value(value_) {}
};

enum class JsonHolder : char { object = '{', array = '[' };

class JsonPieces {
 public:
  // `text` outlives this. Anything but a holder of that kind is a fault.
  JsonPieces(std::string_view text, JsonHolder holder);

  // nullopt at the end, and at the first fault.
  std::optional<JsonPiece> next();
  // Whether the text was read to its end without a fault.
  bool complete() const { return state_ == State::complete; }

 private:
  enum class State : char { first, further, complete, fault };

  void skip_space();
  // Whether it is the next character; passes it then.
  bool pass(char c);
  std::string_view read_string();
  std::string_view read_value();
  std::optional<JsonPiece> read_piece();

  std::string_view text_;
  JsonHolder holder_;
  std::size_t at_ = 0;
  State state_ = State::first;
};

// The text that a JSON string (with its quotes) stands for, in place of `token`, as far as it is ASCII:
// base64 or a member's name. False, with nothing said of `token`, for what is no string or stands for more
// than that.
bool decode_json_string(std::string& token);

}  // namespace larder::json
