#include "base/isbn.h"

#include "base/text.h"

namespace larder {

namespace {

constexpr std::string_view source = "isbn";
// A number with a separator after every digit is far below this.
constexpr std::size_t text_bytes_max = 128;

Failure refuse(std::string message) { return fail(ErrorKind::invalid, source, std::move(message)); }

// Bytes of the separator at the start of `text`, 0 if there is none: ASCII hyphen and space, no-break space,
// and the dashes U+2010 to U+2015 that word processors put in.
std::size_t separator_bytes(std::string_view text) {
  if (text.front() == '-' || text.front() == ' ') {
    return 1;
  }
  if (text.starts_with("\xc2\xa0")) {
    return 2;
  }
  const bool dash =
      text.size() >= 3 && text.starts_with("\xe2\x80") && text[2] >= '\x90' && text[2] <= '\x95';
  return dash ? 3 : 0;
}

// Only the characters that count, x as X. In place: most numbers are read to be dropped or compared.
class Significant {
 public:
  // False: there is something that no ISBN has.
  bool read(std::string_view text) {
    while (!text.empty()) {
      const char c = text.front();
      if (is_digit(c) || c == 'X' || c == 'x') {
        characters_[size_] = c == 'x' ? 'X' : c;
        ++size_;
        text.remove_prefix(1);
        continue;
      }
      const std::size_t skipped = separator_bytes(text);
      if (skipped == 0) {
        return false;
      }
      text.remove_prefix(skipped);
    }
    return true;
  }
  std::string_view text() const { return {characters_, size_}; }

 private:
  char characters_[text_bytes_max];
  std::size_t size_ = 0;
};

// Whether read() would change nothing of it: the spelling of nearly all.
bool is_bare(std::string_view text) {
  if (text.size() != 10 && text.size() != 13) {
    return false;
  }
  for (const char c : text) {
    if (!is_digit(c) && c != 'X') {
      return false;
    }
  }
  return true;
}

// The prefix of numbers that have a form of ten digits, and what it stands before.
constexpr std::uint64_t bookland = 978;
constexpr std::uint64_t beside_prefix = 10'000'000'000;
// Thirteen digits do not fit 32 bits, by which WebAssembly's engines divide fast: seven, and these six, do.
constexpr std::uint64_t low_digits = 1'000'000;

// Of at most nine digits.
std::uint32_t digits_of(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char digit : digits) {
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

void write_digits(std::uint32_t number, char* digits, std::size_t count) {
  for (std::size_t i = count; i > 0; --i) {
    digits[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

// Of the first nine digits, weighted 10 down to 2, modulo 11.
char check_of_ten(std::string_view digits) {
  int sum = 0;
  for (int i = 0; i < 9; ++i) {
    sum += (10 - i) * (digits[static_cast<std::size_t>(i)] - '0');
  }
  const int check = (11 - sum % 11) % 11;
  return check == 10 ? 'X' : static_cast<char>('0' + check);
}

// Of the first twelve digits, weighted 1 and 3 in turn, modulo 10.
char check_of_thirteen(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    sum += (i % 2 == 0 ? 1 : 3) * (digits[i] - '0');
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

Failure refuse_check(std::string_view characters, char expected) {
  return refuse(
      concat({"The check digit of ISBN ", characters, " should be ", std::string_view(&expected, 1), ", not ",
              characters.substr(characters.size() - 1), ": one of its digits is wrong."}));
}

}  // namespace

Result<Isbn> parse_isbn(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return refuse("This is too long for an ISBN, which has 10 or 13 digits.");
  }
  Significant characters;
  if (!characters.read(text)) {
    return refuse("An ISBN has only the digits 0 to 9, hyphens and spaces (and an X at the end of ten).");
  }
  const std::string_view all = characters.text();
  if (all.size() != 10 && all.size() != 13) {
    return refuse(concat({"An ISBN has 10 or 13 digits, not ", to_text(std::uint64_t{all.size()}), "."}));
  }
  const std::size_t cross = all.find('X');
  if (cross != std::string_view::npos && (all.size() != 10 || cross != 9)) {
    return refuse("An X may only be the last of an ISBN's ten digits.");
  }
  if (all.size() == 10) {
    if (const char check = check_of_ten(all); check != all[9]) {
      return refuse_check(all, check);
    }
    std::string thirteen;
    thirteen.reserve(13);
    thirteen.append("978").append(all.substr(0, 9));
    thirteen.push_back(check_of_thirteen(thirteen));
    return Isbn(std::move(thirteen));
  }
  if (!all.starts_with("978") && !all.starts_with("979")) {
    return refuse("An ISBN of 13 digits starts with 978 or 979.");
  }
  if (const char check = check_of_thirteen(all); check != all[12]) {
    return refuse_check(all, check);
  }
  return Isbn(std::string(all));
}

std::optional<std::uint64_t> isbn13_number(std::string_view text) {
  Significant characters;
  std::string_view all = text;
  if (!is_bare(text)) {
    if (text.size() > text_bytes_max || !characters.read(text)) {
      return std::nullopt;
    }
    all = characters.text();
  }
  if (all.size() != 10) {
    if (!is_isbn13(all)) {
      return std::nullopt;
    }
    return low_digits * digits_of(all.substr(0, 7)) + digits_of(all.substr(7));
  }
  const std::string_view nine = all.substr(0, 9);
  if (nine.find('X') != std::string_view::npos || check_of_ten(all) != all[9]) {
    return std::nullopt;
  }
  // Of 978; the nine digits go on with weight 3, then 1, in turn.
  std::uint32_t sum = 9 * 1 + 7 * 3 + 8 * 1;
  for (std::size_t i = 0; i < nine.size(); ++i) {
    sum += (i % 2 == 0 ? 3 : 1) * static_cast<std::uint32_t>(nine[i] - '0');
  }
  return (beside_prefix * bookland + std::uint64_t{10} * digits_of(nine)) + (10 - sum % 10) % 10;
}

std::string isbn13_of(std::uint64_t number) {
  std::string digits(13, '0');
  write_digits(static_cast<std::uint32_t>(number / low_digits), digits.data(), 7);
  write_digits(static_cast<std::uint32_t>(number % low_digits), digits.data() + 7, 6);
  return digits;
}

std::optional<std::string> isbn10_of(std::uint64_t number) {
  if (number / beside_prefix != bookland) {
    return std::nullopt;
  }
  char ten[10] = {};
  write_digits(static_cast<std::uint32_t>(number % beside_prefix / 10), ten, 9);
  ten[9] = check_of_ten(std::string_view(ten, 9));
  return std::string(ten, sizeof(ten));
}

bool is_isbn13(std::string_view digits) {
  if (digits.size() != 13 || (!digits.starts_with("978") && !digits.starts_with("979"))) {
    return false;
  }
  for (const char c : digits) {
    if (!is_digit(c)) {
      return false;
    }
  }
  return check_of_thirteen(digits) == digits[12];
}

std::optional<std::string> Isbn::ten() const {
  if (!thirteen_.starts_with("978")) {
    return std::nullopt;
  }
  std::string ten = thirteen_.substr(3, 9);
  ten.push_back(check_of_ten(ten));
  return ten;
}

}  // namespace larder
