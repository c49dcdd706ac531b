// A request for a resource, as the engine takes it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "config/settings.h"
#include "entry/exact_fields.h"
#include "host/host.h"
#include "http/cache_control.h"
#include "http/message.h"
#include "http/vary.h"
#include "tiers/cache.h"

namespace larder::engine {

// What may wait keeps to the origin's polite rate, all isolates together; a reader's request goes at once.
enum class Pace : std::uint8_t { reader, warming };

struct Query {
  // Lives as long as the app.
  const config::Resource* resource = nullptr;
  tiers::Key key;
  std::vector<std::string> tags;
  config::FieldValues values;
  // What of them the origin gets as the client sent it; empty: nothing.
  config::FieldValues sent;
  http::Method method = http::Method::get;
  // Names the client for its rate limit; "": nobody to hold to it.
  std::function<std::string()> client;
  // The request carries Authorization: its answer is not shared.
  bool authorized = false;
  // What the request's Cache-Control says; mode http alone (RFC 9111 §5.2.1).
  http::RequestDirectives directives;
  // Whether the client takes gzip: asked only where it makes a difference.
  std::function<bool()> accepts_gzip;
  // Reads a field of the request, for Vary.
  http::FieldReader read_header;
  Pace pace = Pace::reader;
  // The origin whose turn was taken already (origin::origin_name); empty: none.
  std::string turn;

  Query() {}
};

// The query of these values (entry::normalise_fields): its key and its tags. `exact`: what stands in the key,
// and is sent, in place of some of them. Readers' requests and warming's are made here alone, so that what is
// warmed is what readers ask for.
Query make_query(host::Host& host, const config::Settings& settings, const config::Resource& resource,
                 config::FieldValues values, entry::ExactFields exact = entry::ExactFields());

}  // namespace larder::engine
