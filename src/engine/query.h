// A request for a resource, as the engine takes it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "config/settings.h"
#include "entry/exact_fields.h"
#include "experiments/plan.h"
#include "host/host.h"
#include "host/requests.h"
#include "http/cache_control.h"
#include "http/message.h"
#include "http/vary.h"
#include "tiers/cache.h"

namespace larder::engine {

// What may wait keeps to the origin's polite rate, all isolates together; a reader's request goes at once.
enum class Pace : std::uint8_t { reader, warming };

// Who asks. The functions are called only where their answer makes a difference.
struct Asker {
  Pace pace = Pace::reader;
  // Names the client for its rate limit; "": no client is known.
  std::function<std::string()> client;
  // The request carries Authorization, which the origin is not sent: its answer is not shared.
  bool authorized = false;
  // It carries credentials that the origin is sent: its answer is shared where that says so (RFC 9111 §3.5).
  bool personal = false;
  // It wants a part (Range), or has a condition that only the origin can judge (If-Match,
  // If-Unmodified-Since); mode http alone.
  bool wants_part = false;
  bool is_for_origin_to_judge = false;
  // With a part: Range and If-Range; "" for none.
  std::string range;
  std::string if_range;
  // What the request's Cache-Control says; mode http alone (RFC 9111 §5.2.1).
  http::RequestDirectives directives;
  // Whether the client takes gzip.
  std::function<bool()> accepts_gzip;
  // Reads a field of the request, as far as the origin sees it, for Vary.
  http::FieldReader read_header;
  // All fields of the request, names in lower case; empty: nothing of them goes to the origin.
  std::function<const TextPairs&()> fields;

  Asker() {}
};

// The request that `here` belongs to.
Asker asker_of(host::Context here, const config::Resource& resource);
// Larder itself: it sends no header fields, has all the time, and reads any form of a body.
Asker larder_itself();

// Beside the asker and the method, a query is made of its request's target, of fields that are in the key,
// and of its body; where there are no such fields and no body, a URL that comes again makes the same query
// (app/known_urls.h).
struct Query : Asker {
  // As declared, or as `view` has it. Lives as long as the app, or the view.
  const config::Resource* resource = nullptr;
  // What experiments and POLICY_OVERRIDES say of it; nullptr: nothing.
  std::shared_ptr<const experiments::View> view;
  tiers::Key key;
  std::vector<std::string> tags;
  config::FieldValues values;
  // What of them the origin gets as the client sent it; empty: nothing.
  config::FieldValues sent;
  http::Method method = http::Method::get;

  Query() {}
  // What is said differently from the settings.
  const config::Overrides& overrides() const;
  // HEAD in mode http: where there is no copy its answer is the origin's to HEAD, which is kept for nobody.
  bool wants_no_body() const;
  // Another one asks the same.
  void ask_for(Asker asker);
};

// What a request gives to make key fields of (entry::Parameters).
struct RequestParts {
  TextPairs path;
  TextPairs query;
  http::Fields headers;
  TextPairs body;
  // What stands in the key, and is sent, in place of what is said of some fields.
  entry::ExactFields exact;

  RequestParts() {}
};

// Lets a query be answered as a plan says: one that was made before the control log was read. `declared`: its
// resource.
void put_under(Query& query, const experiments::Plan& plan, const config::Resource& declared);

// The query for a resource. Readers' requests and warming's are made here alone, so that what is warmed is
// what readers ask for. Errors: as entry::normalise_fields.
Result<Query> make_query(host::Host& host, const config::Settings& settings, const experiments::Plan& plan,
                         const config::Resource& resource, const RequestParts& parts, Asker asker);

}  // namespace larder::engine
