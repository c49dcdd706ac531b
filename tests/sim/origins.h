// The origins behind the simulated tenants: whose content changes, and who fail in every way that origins do.
// Every reply says whose, what, which version and when in its body and is remembered, so that any answer to a
// client can be judged by itself.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/books.h"
#include "sim/journal.h"
#include "sim/random.h"
#include "support/world.h"

namespace larder::sim {

// What the tenants declare. Lifetimes are short, so that a run of minutes sees all of them end.
struct ResourceRow {
  std::string_view name;
  bool http;
  Millis fresh;
  Millis stale;
  Millis error;
  Millis negative;
  Millis soft;
  Millis hard;
  // Of a body.
  std::size_t bytes;
  // How it looks books up (books.h); "": it is no look-up of books.
  std::string_view query = "";

  bool is_of_books() const { return !query.empty(); }
};
// Look-ups of books stand last. Their stale times are long, so that what was warmed is a hit to the end.
inline constexpr std::size_t plain_resources = 5;
inline constexpr std::array resource_rows = {
    ResourceRow{"item", false, Millis(60'000), Millis(120'000), Millis(300'000), Millis(30'000),
                Millis(1'000), Millis(4'000), 0},
    ResourceRow{"brief", false, Millis(5'000), Millis(10'000), Millis(20'000), Millis(5'000), Millis(500),
                Millis(2'000), 0},
    ResourceRow{"plain", false, Millis(20'000), Millis(0), Millis(0), Millis(10'000), Millis(3'000),
                Millis(6'000), 0},
    ResourceRow{"page", true, Millis(15'000), Millis(0), Millis(0), Millis(0), Millis(1'000), Millis(4'000),
                0},
    ResourceRow{"large", false, Millis(30'000), Millis(60'000), Millis(60'000), Millis(10'000), Millis(1'000),
                Millis(4'000), 3'000},
    ResourceRow{"title", false, Millis(120'000), Millis(21'600'000), Millis(21'600'000), Millis(20'000),
                Millis(1'000), Millis(4'000), 0, "title"},
    ResourceRow{"isbn", false, Millis(300'000), Millis(21'600'000), Millis(21'600'000), Millis(20'000),
                Millis(1'000), Millis(4'000), 0, "isbn"},
    ResourceRow{"author", false, Millis(300'000), Millis(21'600'000), Millis(21'600'000), Millis(20'000),
                Millis(1'000), Millis(4'000), 0, "author"},
};
inline constexpr std::size_t tenants_max = 2;
inline constexpr std::array<std::string_view, tenants_max> tenant_names = {"left", "right"};
inline constexpr std::size_t ids = 24;
// Behind these, of resources that are no look-ups of books: a key that the origin answers with 500 until all
// is well, and of the first resource one that it tells to wait. Nothing else is wrong with it.
inline constexpr std::size_t failing_id = ids;
inline constexpr std::size_t told_id = ids + 1;
// The first is no language at all.
inline constexpr std::array<std::string_view, 3> languages = {"", "de", "en"};

// What a key is about.
struct Subject {
  std::size_t tenant = 0;
  std::size_t resource = 0;
  std::size_t id = 0;
  // Of resource item, where it is part of the key.
  std::size_t language = 0;

  const ResourceRow& row() const { return resource_rows[resource]; }
  friend bool operator==(const Subject&, const Subject&) = default;
};
std::string declarations_of(std::size_t tenant);
// One of the keys that fail by themselves.
bool is_ailing(const Subject& subject);
// The client's URL.
std::string url_of(const Subject& subject);
// As entry::build_key makes it.
std::string storage_name_of(const Subject& subject);
std::vector<std::string> tags_of(const Subject& subject);
// What a request to an origin is about.
Subject subject_asked(const std::string& url);
// Where a tenant's books are asked for (OPENLIBRARY_URL).
std::string library_url(std::size_t tenant);

// One time that the origin stood by a reply: when it was asked, and when the answer was there. `language` is
// the asking request's, for Vary.
struct Affirmation {
  Instant asked;
  Instant arrived;
  std::string language;
};

// In place of a reply's number.
inline constexpr std::uint64_t put_together = UINT64_MAX;

// What an origin said.
struct Said {
  std::uint64_t serial = 0;
  Subject subject;
  std::uint32_t version = 0;
  std::uint32_t status = 200;
  Instant made;
  // What the reply was worth, as declared or announced.
  Millis fresh{0};
  Millis stale{0};
  Millis error{0};
  bool varies = false;
  // May be kept and given to others.
  bool shareable = false;
  // It had this age on arrival.
  Millis age{0};
  std::vector<Affirmation> affirmed;

  // Of books: made of what was said of authors, of several perhaps. Such may be a part of what there is.
  bool is_made() const { return serial == put_together; }
  bool of_several = false;
  bool whole = true;

  bool failure() const { return status == 429 || status >= 500; }
};

enum class Condition : std::uint8_t {
  healthy,
  errors,      // mostly 5xx
  rate_limit,  // 429
  silent,      // no answer
  slow,        // between soft and hard
  too_slow,    // past hard
  down,        // no connection
};

class Origins {
 public:
  Origins(Random& random, Journal& journal);

  // The reply, and what was said with it: 0 for nothing. `accept_language` is the asking client's: no origin
  // sees it, but the answer is for it alone where the reply says Vary.
  OriginReply answer(Instant now, const OriginRequest& request, std::string accept_language);
  std::uint64_t last_serial() const { return last_serial_; }
  Said* said(std::uint64_t serial);
  // What stands in a body; nullptr if no origin said it, or not quite so.
  const Said* read(std::string_view body);

  // A while of something for one tenant's origin; then it is well again.
  void afflict(std::size_t tenant, Condition condition, Instant until);
  // The content behind a key changes.
  void change(const Subject& subject);
  // All is well from now on, and nothing changes.
  void heal();
  // In 1,000,000: single replies that go wrong whatever the condition.
  std::uint32_t misfortune = 0;

  // What the origin would say: the version, or nullopt for "there is none".
  std::optional<std::uint32_t> current(Instant now, const Subject& subject) const;
  // The last time that a call to this origin failed, or went past its soft time.
  Instant trouble_at(std::size_t tenant) const { return trouble_at_[tenant]; }
  void note_trouble(std::size_t tenant, Instant at);
  // The last time that it was asked for a key that fails by itself.
  Instant ailing_asked_at(std::size_t tenant) const { return ailing_asked_at_[tenant]; }

 private:
  struct Content {
    std::uint32_t version = 1;
    Instant gone_until;
  };
  Condition condition_of(Instant now, std::size_t tenant) const;
  Said& remember(Instant now, const Subject& subject, std::uint32_t status, Affirmation affirmed);
  OriginReply answer_books(Instant now, const OriginRequest& request, const Subject& subject, Millis delay);
  const Said* read_books(std::string_view body);
  std::optional<Said> make_read(std::string_view body);
  std::optional<Said> put_together_of(const ToldBooks& told, Subject subject);
  OriginReply refuse(Instant now, const Subject& subject, Condition condition);
  OriginReply refuse_ailing(Instant now, const Subject& subject);
  void announce(OriginReply& reply, Said& said) const;

  Random& random_;
  Journal& journal_;
  std::map<std::string, Content> contents_;
  std::vector<Said> said_;
  // Of look-ups of books that nobody knows: the one reply that all of them are.
  std::map<std::string, std::uint64_t> unknown_;
  // What was read of bodies with books; nothing for those that no library could have said.
  std::map<std::string, std::optional<Said>, std::less<>> read_;
  std::uint64_t last_serial_ = 0;
  std::array<std::pair<Condition, Instant>, tenants_max> conditions_{};
  std::array<Instant, tenants_max> trouble_at_{};
  std::array<Instant, tenants_max> ailing_asked_at_{};
  bool healed_ = false;
};

std::string body_of(const Said& said);

}  // namespace larder::sim
