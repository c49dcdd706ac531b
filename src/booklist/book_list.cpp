#include "booklist/book_list.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/text.h"
#include "booklist/list_isbn.h"
#include "booklist/memo.h"

namespace larder::booklist {

namespace {

constexpr std::string_view list_source = "booklist";
// A larger count is a slip of the pen.
constexpr std::uint64_t read_count_max = 1000;
// A longer title is no title; what is kept of it serves as one.
constexpr std::size_t title_bytes_max = 1024;
constexpr std::string_view star = "\xe2\x98\x85";

// In hundredths: "4", "4.5", "4,5", "★★★★". 0 for what is no rating.
std::uint32_t rating_hundredths(std::string_view field) {
  if (field.size() == 1 && is_digit(field.front())) {
    return static_cast<std::uint32_t>(field.front() - '0') * 100;
  }
  std::string text(trim(field));
  if (text.empty()) {
    return 0;
  }
  if (text.starts_with(star)) {
    std::uint32_t stars = 0;
    for (std::string_view rest = text; rest.starts_with(star); rest.remove_prefix(star.size())) {
      ++stars;
    }
    return stars * 100;
  }
  std::replace(text.begin(), text.end(), ',', '.');
  const auto value = parse_decimal(text);
  return value && *value > 0 && *value <= 100 ? static_cast<std::uint32_t>(std::lround(*value * 100)) : 0;
}

ReadState state_of(ShelfMeaning meaning) {
  switch (meaning) {
    case ShelfMeaning::none:
    case ShelfMeaning::favourite:
      return ReadState::unknown;
    case ShelfMeaning::to_read:
      return ReadState::to_read;
    case ShelfMeaning::reading:
      return ReadState::reading;
    case ShelfMeaning::read:
      return ReadState::read;
    case ShelfMeaning::abandoned:
      return ReadState::abandoned;
  }
  return ReadState::unknown;
}

bool says_yes(std::string_view field) {
  const std::string_view word = trim(field);
  return word == "1" || equals_ignoring_case(word, "true") || equals_ignoring_case(word, "yes");
}

// What does not say what it is may be one.
bool may_be_book(std::string_view kind) {
  const std::string word = to_lower(trim(kind));
  return word.empty() || contains(word, "book");
}

// Numbers for texts, from 0: equal texts have one.
class Numbers {
 public:
  // Of a text that is not there yet, the next.
  std::uint32_t of(std::string text) {
    const auto next = static_cast<std::uint32_t>(known_.size());
    return known_.emplace(std::move(text), next).first->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t, TextHash, TextEqual> known_;
};

struct Title {
  std::string text;
  // Of its normal form; absent for a title without letters and digits, which tells no books apart.
  std::optional<std::uint32_t> number;

  Title() {}
};

struct Shelved {
  ReadState state = ReadState::unknown;
  bool favourite = false;

  Shelved() {}
};

Shelved shelved_by(std::string_view shelves) {
  Shelved shelved;
  for (std::string_view rest = shelves; !rest.empty();) {
    const std::size_t end = rest.find_first_of(",;|");
    const ShelfMeaning meaning = shelf_meaning(rest.substr(0, end));
    shelved.favourite = shelved.favourite || meaning == ShelfMeaning::favourite;
    shelved.state = shelved.state == ReadState::unknown ? state_of(meaning) : shelved.state;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return shelved;
}

class BookReader {
 public:
  BookReader(const CsvText& text, const ListHead& head, const ListColumns& columns,
             const NormalText& normal_text, const ListLimits& limits)
      : reader_(text.text(), head.layout, limits),
        columns_(columns),
        normal_text_(normal_text),
        limits_(limits),
        header_fields_(head.headers.size()) {
    list_.encoding = text.encoding();
    list_.counts.fields_repaired = text.fields_repaired();
  }

  Result<BookList> read() {
    // The header.
    auto more = reader_.next();
    while (more && *more) {
      auto next = reader_.next();
      if (!next) {
        return tl::make_unexpected(std::move(next.error()));
      }
      if (!*next) {
        break;
      }
      read_row();
    }
    if (!more) {
      return tl::make_unexpected(std::move(more.error()));
    }
    return finish();
  }

 private:
  std::string_view field(ListColumn column) {
    const std::vector<std::size_t>& at = columns_.of(column);
    return at.empty() ? std::string_view() : reader_.field(at.front());
  }

  void read_row() {
    ListCounts& counts = list_.counts;
    ++counts.rows;
    counts.rows_ragged += reader_.size() != header_fields_ ? 1U : 0U;
    if (says_yes(field(ListColumn::is_deleted)) || !may_be_book(field(ListColumn::kind))) {
      ++counts.rows_left_out;
      return;
    }
    Book book;
    add_authors(book, ListColumn::author, columns_.author_style, ListColumn::author_roles);
    add_authors(book, ListColumn::more_authors, columns_.more_authors_style, ListColumn::more_author_roles);
    if (book.authors.empty()) {
      ++counts.rows_without_author;
      return;
    }
    const Title& title = title_of(field(ListColumn::title));
    read_isbn(book);
    // In hundredths of the list's own scale, until all are known.
    book.rating_percent = rating_hundredths(field(ListColumn::rating));
    rating_largest_ = std::max(rating_largest_, book.rating_percent);
    const auto read_count = parse_unsigned(trim(field(ListColumn::read_count)));
    book.read_count = static_cast<std::uint32_t>(std::min(read_count.value_or(0), read_count_max));
    read_shelves(book);
    keep(std::move(book), title);
  }

  void add_authors(Book& book, ListColumn column, NameStyle style, ListColumn roles_column) {
    const std::string_view text = field(column);
    if (text.empty()) {
      return;
    }
    const std::string_view roles = field(roles_column);
    if (trim(roles).empty()) {
      return add_names(book, text, style, AuthorRole::author);
    }
    // Name by name, since a piece without a name has a role all the same.
    const std::vector<std::string_view> role_pieces = split(roles, '|');
    const std::vector<std::string_view> name_pieces = split(text, '|');
    for (std::size_t i = 0; i < name_pieces.size(); ++i) {
      const AuthorRole role =
          i < role_pieces.size() ? read_role(role_pieces[i], normal_text_) : AuthorRole::author;
      add_names(book, name_pieces[i], style, role);
    }
  }

  void add_names(Book& book, std::string_view text, NameStyle style, AuthorRole role) {
    for (const BookAuthor& found : authors_in(text, style)) {
      add_author(book, BookAuthor{found.author, role == AuthorRole::contributor ? role : found.role});
    }
  }

  void add_author(Book& book, BookAuthor author) {
    const auto same = [&](const BookAuthor& other) { return other.author == author.author; };
    if (std::any_of(book.authors.begin(), book.authors.end(), same)) {
      return;
    }
    if (book.authors.size() == limits_.book_authors_max) {
      ++list_.counts.authors_left_out;
      return;
    }
    book.authors.push_back(author);
  }

  const std::vector<BookAuthor>& authors_in(std::string_view text, NameStyle style) {
    Memo<std::vector<BookAuthor>>& memo = authors_by_style_[static_cast<std::size_t>(style)];
    return memo.of(text, reader_.lies_in_text(text), [&] {
      std::vector<BookAuthor> found;
      for (AuthorName& name : read_authors(text, style, normal_text_)) {
        const AuthorRole role = name.role;
        found.push_back(BookAuthor{author_of(std::move(name.display)), role});
      }
      return found;
    });
  }

  std::uint32_t author_of(std::string display) {
    std::string normal = normal_name(display, normal_text_);
    const std::uint32_t author = author_numbers_.of(normal);
    if (author == list_.authors.size()) {
      list_.authors.emplace_back(std::move(display), std::move(normal));
    } else if (ListAuthor& known = list_.authors[author]; tells_more(display, known.display)) {
      known.display = std::move(display);
    }
    return author;
  }

  const Title& title_of(std::string_view text) {
    return titles_.of(text, reader_.lies_in_text(text), [&] {
      Title title;
      title.text = collapse_spaces(utf8_prefix(text, title_bytes_max));
      if (std::string normal = normal_name(title.text, normal_text_); !normal.empty()) {
        title.number = title_numbers_.of(std::move(normal));
      }
      return title;
    });
  }

  void read_isbn(Book& book) {
    const std::vector<std::size_t>& columns = columns_.of(ListColumn::isbn);
    for (const std::size_t at : columns) {
      if (const std::string_view digits = plain_isbn(reader_.raw_field(at)); !digits.empty()) {
        book.isbn = digits;
        return;
      }
    }
    ListIsbn best(IsbnOutcome::absent, "");
    for (const std::size_t at : columns) {
      ListIsbn next = read_list_isbn(reader_.field(at));
      if (next.outcome < best.outcome) {
        best = std::move(next);
      }
    }
    ListCounts& counts = list_.counts;
    counts.isbns_recovered += best.outcome == IsbnOutcome::recovered ? 1U : 0U;
    counts.isbns_lost += best.outcome == IsbnOutcome::lost ? 1U : 0U;
    counts.isbns_refused += best.outcome == IsbnOutcome::refused ? 1U : 0U;
    book.isbn = std::move(best.thirteen);
  }

  // The column of its own says more about the state than what else the book is shelved under.
  void read_shelves(Book& book) {
    for (const ListColumn column : {ListColumn::shelf, ListColumn::shelves}) {
      const std::string_view text = field(column);
      if (text.empty()) {
        continue;
      }
      const Shelved& shelved =
          shelves_.of(text, reader_.lies_in_text(text), [&] { return shelved_by(text); });
      book.favourite = book.favourite || shelved.favourite;
      book.state = book.state == ReadState::unknown ? shelved.state : book.state;
    }
    if (book.state == ReadState::unknown && says_yes(field(ListColumn::is_read))) {
      book.state = ReadState::read;
    }
    book.favourite = book.favourite || says_yes(field(ListColumn::is_favourite));
  }

  void keep(Book book, const Title& title) {
    if (title.number) {
      const std::uint64_t key = std::uint64_t{book.authors.front().author} << 32U | *title.number;
      const auto [known, is_new] = books_.emplace(key, list_.books.size());
      if (!is_new) {
        ++list_.counts.rows_repeated;
        return merge(list_.books[known->second], std::move(book));
      }
    }
    book.title = title.text;
    list_.books.push_back(std::move(book));
  }

  // The same book in another edition: the best that either row says.
  void merge(Book& book, Book other) {
    if (book.isbn.empty()) {
      book.isbn = std::move(other.isbn);
    }
    book.rating_percent = std::max(book.rating_percent, other.rating_percent);
    book.read_count = std::max(book.read_count, other.read_count);
    book.state = book.state == ReadState::unknown ? other.state : book.state;
    book.favourite = book.favourite || other.favourite;
    for (const BookAuthor& author : other.authors) {
      add_author(book, author);
    }
  }

  Result<BookList> finish() {
    ListCounts& counts = list_.counts;
    counts.stray_quotes = reader_.stray_quotes();
    counts.rows_joined = reader_.rows_joined();
    if (counts.rows == 0) {
      return fail(
          ErrorKind::invalid, list_source,
          "The list has a header and no books below it. Export it again, or add a line for each book.");
    }
    if (list_.books.empty()) {
      constexpr std::string_view what_to_check =
          ". Check that the header's columns are those of the rows, and that the column of authors is filled "
          "in.";
      return fail(ErrorKind::invalid, list_source,
                  concat({"None of the ", larder::to_text(counts.rows), " rows names an author",
                          counts.rows_left_out == 0 ? "" : " of a book that is kept", what_to_check}));
    }
    scale_ratings();
    return std::move(list_);
  }

  void scale_ratings() {
    std::uint32_t scale = columns_.scale;
    if (scale == 0) {
      scale = rating_largest_ <= 500 ? 5 : rating_largest_ <= 1000 ? 10 : 100;
    }
    for (Book& book : list_.books) {
      const std::uint32_t percent = book.rating_percent / scale;
      book.rating_percent = percent <= 100 ? percent : 0;
    }
  }

  CsvReader reader_;
  const ListColumns& columns_;
  const NormalText& normal_text_;
  const ListLimits& limits_;
  std::size_t header_fields_;
  std::uint32_t rating_largest_ = 0;
  BookList list_;
  std::array<Memo<std::vector<BookAuthor>>, name_styles> authors_by_style_;
  Memo<Title> titles_;
  Memo<Shelved> shelves_;
  // By normal form. An author's number is their place in the list.
  Numbers author_numbers_;
  Numbers title_numbers_;
  // By the numbers of first author and title.
  std::unordered_map<std::uint64_t, std::size_t> books_;
};

}  // namespace

Result<BookList> read_books(const CsvText& text, const ListHead& head, const ListColumns& columns,
                            const NormalText& normal_text, const ListLimits& limits) {
  return BookReader(text, head, columns, normal_text, limits).read();
}

Result<BookList> read_book_list(std::string_view bytes, const NormalText& normal_text,
                                const ListLimits& limits) {
  const auto text = read_csv_text(bytes, limits);
  if (!text) {
    return tl::make_unexpected(text.error());
  }
  const auto head = read_list_head(*text, limits);
  if (!head) {
    return tl::make_unexpected(head.error());
  }
  if (!head->format) {
    return refuse_headers(*head);
  }
  return read_books(*text, *head, head->columns, normal_text, limits);
}

}  // namespace larder::booklist
