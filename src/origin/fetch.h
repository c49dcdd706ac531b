// Asking an origin for a resource: one HTTP request, its reply made into what the engine can keep. The only
// part of this room that does anything; what to ask and how to read it are pure (provider.h,
// config/template.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/declaration.h"
#include "config/settings.h"
#include "entry/header.h"
#include "host/host.h"
#include "host/requests.h"
#include "host/task.h"
#include "http/message.h"
#include "origin/llm.h"
#include "origin/refusal.h"
#include "origin/request.h"

namespace larder::origin {

struct Fetched {
  // What the client gets.
  std::uint32_t status = 200;
  entry::Kind kind = entry::Kind::positive;
  std::string content_type;
  host::Body content;
  // Not there yet: the soft time limit has passed, and resume() waits on, with `late`. Nothing else counts
  // but `requested_at`.
  std::uint32_t ticket = 0;
  std::shared_ptr<const Late> late;
  // The origin confirmed the copy whose validators it was given (304): `origin_fields` renew it; there is no
  // body.
  bool not_modified = false;
  // It is the answer to HEAD: there is no body, and its Content-Length is the one that GET would have.
  bool without_body = false;
  // The body is a stream: it can be given out once and not be kept.
  bool streamed = false;
  // "There is none", but another provider may know of some: answered, and not kept.
  bool doubtful = false;
  // With "there is none": the provider says that it has some all the same, though it sent none.
  bool claims_some = false;
  // The books are hardly those that were asked for (contradiction.h): kept for a short time.
  bool contradicts = false;
  // What the origin said, for Cache-Status and for mode http. Content-Encoding is there where the body is
  // encoded as it stands, and nowhere else.
  std::uint32_t origin_status = 0;
  // Which of the resource's providers said so.
  std::size_t provider = 0;
  http::Fields origin_fields;
  // Around the request, for the age calculation of RFC 9111 §4.2.3.
  Instant requested_at;
  Instant received_at;
  // The control log's sequence that this isolate knew when it asked.
  std::uint64_t log_seen = 0;
  // What a model counted.
  TokenUsage usage;

  Fetched() {}
};

// What of the request may reach the origin: the key's fields and, in mode http, the method, fields and a
// body.
struct Wanted {
  http::Method method = http::Method::get;
  // The request's, as far as they go on (http/request_fields.h).
  TextPairs fields;
  std::shared_ptr<const host::Body> stream;
  config::FieldValues values;
  // What of them goes into its URL as the client sent it (entry::exact_fields); empty: nothing.
  config::FieldValues sent;
  // The origin's own validators of a copy that is at hand; empty: none.
  std::string etag;
  std::string last_modified;
  // Which of the resource's providers is asked.
  std::size_t provider = 0;
  // For the whole answer.
  Millis timeout{};
  // After this the answer may be waited for later; 0: never.
  Millis soft{0};

  Wanted() {}
};

// What a resource's origin is to be asked, or an answer that needs no asking: "there is none", for a question
// that nobody could answer.
struct Prepared {
  Request request;
  std::optional<Fetched> answer;

  Prepared() {}
};

// What failures and politeness are counted by: the provider's name, or the scheme and host of the URL.
std::string origin_name(const config::Resource& resource, std::size_t provider);

// Which of the resource's providers are asked, in order; never none. One that needs a key, or is of little
// use without, is left out where the deployment has not set it up, unless that leaves none. A url counts as
// one provider.
std::vector<std::size_t> providers_asked(const config::Resource& resource, const config::Settings& settings);

// How many requests a second a provider of the resource is asked for work that can wait.
std::uint32_t polite_rate(const config::Resource& resource, std::size_t provider,
                          const config::Settings& settings);

// Refusals have `unsent` set.
OriginResult<Prepared> prepare(host::Host& host, const config::Resource& resource,
                               const config::Settings& settings, const Wanted& wanted);

// `resource` lives as long as the app. A reply above the resource's bounds is a stream for a url origin and
// an error for a provider, whose replies have to be read.
host::Task<OriginResult<Fetched>> fetch(host::Context here, const config::Resource& resource,
                                        const config::Settings& settings, Wanted wanted, Request request);

// A model's words, whatever they are about.
struct ModelAnswer {
  std::string text;
  TokenUsage usage;

  ModelAnswer() {}
};

// One question to the deployment's model, apart from any resource. Refusals: as fetch; unsent where no model
// is configured.
host::Task<OriginResult<ModelAnswer>> ask_model(host::Context here, const config::Settings& settings,
                                                ModelPrompt prompt, Millis timeout);

// The system that leads the profile of a look-up for a narrative; "" where there is none.
std::string leading_system_of(const config::Resource& resource, const config::FieldValues& values);

// The answer to a resource of narratives while no model gives one: marked, and never to be kept. `values`
// passed prepare().
std::string narrative_stand_in(const config::Resource& resource, const config::FieldValues& values,
                               Instant now);

// The rest of a fetch of the same request that came back with a ticket, once.
host::Task<OriginResult<Fetched>> resume(host::Context here, const config::Resource& resource,
                                         const config::Settings& settings, Wanted wanted,
                                         std::uint32_t ticket, std::shared_ptr<const Late> late,
                                         Instant requested_at);

}  // namespace larder::origin
