// What it takes to be an origin of books: say which request answers a look-up, and read its reply. Pure: the
// caller fetches, waits, keeps to the politeness limit and holds the secrets.
//
// A new provider is one file that defines its function (`const Provider& NAME();`) and one row of
// config/providers.def.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/wire.h"
#include "config/limits.h"
#include "config/settings.h"
#include "config/vocabulary.h"
#include "origin/padded_text.h"
#include "origin/work.h"

namespace larder::origin {

inline constexpr std::size_t lookup_bytes_max = 512;
// A longer body is not parsed. While one is, the parser takes six bytes of memory for each of the body's.
inline constexpr std::size_t reply_bytes_max = config::limit::reply_bytes_max;

enum class LookupKind : std::uint8_t {
  title,    // words of a title
  isbn,     // one ISBN, either form, hyphens allowed
  author,   // an author's name
  subject,  // what books are about, words in a row: "science fiction"
};

struct Lookup {
  LookupKind kind;
  std::string text;

  Lookup(LookupKind kind_, std::string text_) : kind(kind_), text(std::move(text_)) {}
};

// How this installation reaches a provider. None of it is secret.
struct Access {
  std::string base_url;  // "https://openlibrary.org"; a slash at the end makes no difference
  std::string version;   // Larder's own
  std::string contact;   // an address for the origin's operators to write to; empty: none is given

  Access() {}
  Access(std::string base_url_, std::string version_, std::string contact_)
      : base_url(std::move(base_url_)), version(std::move(version_)), contact(std::move(contact_)) {}
};

// A GET request. It holds no secret until add_secret(), so that it may be logged and compared.
struct Plan {
  std::string url;
  TextPairs headers;
  // Statuses whose body is an answer. read() takes every other one too and needs no body for it.
  std::vector<std::uint32_t> answer_statuses;

  Plan() {}
};

// What a reply without works means.
enum class Authority : std::uint8_t {
  authoritative,  // the provider knows of none: this may be cached as a negative
  doubtful,       // it may know of some: cache no negative before another provider has said so too
};

struct Reply {
  std::vector<Work> works;
  Authority authority = Authority::authoritative;
  // Without works: it says that it has some all the same. Whoever else knows of none, there may be some.
  bool claims_some = false;

  Reply() {}
};

class Provider {
 public:
  // The row's name, which is also the source of its errors and replies.
  virtual std::string_view name() const = 0;

  // How many requests a second this origin tolerates from one client (platform facts, November 2026).
  virtual std::uint32_t requests_per_second_max(const Access& access) const = 0;

  // Errors: invalid, when the look-up has no text, too much of it, or no valid ISBN where one is asked for.
  virtual Result<Plan> plan(const Lookup& lookup, const Access& access) const = 0;

  // `content_type` may be empty. For a look-up by ISBN the works that carry it come first; where there is
  // none, those that carry other ISBNs are left out, and if nothing is left, the reply is a doubtful one.
  // Errors:
  //   rejected     it answered that it will not; retryable when a rate limit or quota is the reason
  //   unavailable  it is out of order (5xx, 408, an error in place of an answer); retryable
  //   corrupt      HTML or JSON that does not decode (retryable), or another shape than agreed
  //   too_large    more than reply_bytes_max
  virtual Result<Reply> read(const Lookup& lookup, std::uint32_t status, std::string_view content_type,
                             PaddedText body) const = 0;

 protected:
  constexpr Provider() = default;
  ~Provider() = default;
};

// Where a provider wants to be shown its key.
enum class SecretPlace : std::uint8_t {
  nowhere,          // it has none
  query_parameter,  // at the end of the URL
  header,           // as the whole value of a header
};

// Whether a provider can be asked without a key.
enum class SecretNeed : std::uint8_t {
  none,      // there is no key
  optional,  // it answers without one, to a lower limit
  required,  // it is left out while no key is configured
};

// One row of config/providers.def. "" where there is none.
struct ProviderRow {
  std::string_view name;
  std::string_view base_url;
  // The secret's name.
  std::string_view secret_setting;
  SecretPlace secret_place;
  std::string_view secret_name;
  SecretNeed secret_need;
  const Provider& provider;
};

// By config::Provider, which is the order in which they are asked.
const std::vector<ProviderRow>& provider_rows();
const ProviderRow& provider_row(config::Provider provider);

// What of a deployment's settings concerns a provider.
struct Reach {
  std::string_view url;    // "": its own address
  std::uint32_t rate = 0;  // requests a second of work that can wait; 0: as many as the provider allows
};
// Borrows from the settings.
Reach reach_of(config::Provider provider, const config::Settings& settings);

// `plan` with the provider's key where it belongs. To be called right before fetching. An empty key changes
// nothing.
Plan add_secret(const ProviderRow& row, Plan plan, std::string_view secret);

}  // namespace larder::origin
