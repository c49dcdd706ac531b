// The whole of Larder in one instance: what the three entry points do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/answers.h"
#include "app/kept_answers.h"
#include "app/known_urls.h"
#include "app/lane_keeper.h"
#include "app/service_calls.h"
#include "cold/archiver.h"
#include "config/declaration.h"
#include "config/limits.h"
#include "config/settings.h"
#include "engine/engine.h"
#include "host/admission.h"
#include "host/host.h"
#include "host/requests.h"
#include "http/exact_target.h"
#include "monitor/meter.h"
#include "monitor/otlp.h"
#include "monitor/watch.h"
#include "narrative/narratives.h"
#include "observe/analytics.h"
#include "observe/counters.h"
#include "observe/narrative_log.h"
#include "operators/operators.h"
#include "tiers/registry.h"
#include "tiers/tiered_cache.h"
#include "trials/conductor.h"
#include "trials/tally.h"
#include "warm/warming.h"

namespace larder::app {

class App {
 public:
  explicit App(host::Host& host);

  // Once, before all else. `record`: u8 bypass (this instance stands in for a lost one and keeps nothing),
  // pairs of text bindings, text of larder.json. Returns the number of faults; with any, every request is
  // refused with their list.
  std::uint32_t start(std::string_view record, std::string_view toolchain);

  // `record`: text method, text url. True when the request has ended within the call.
  bool fetch(host::RequestId request, std::string_view record);
  // A call of another Worker by a service binding. `record`: text call (a row of calls.def, whose argument is
  // the request's body, as JSON; or "fetch"), text method, text url.
  bool call(host::RequestId request, std::string_view record);
  // `record`: text queue, u32 count, then per message text id, u32 attempts, text body (JSON).
  bool queue(host::RequestId request, std::string_view record);
  // `record`: text cron, u64 milliseconds since the epoch.
  bool scheduled(host::RequestId request, std::string_view record);

  bool complete(host::RequestId request, host::OperationId operation, host::Completion completion) {
    return requests_.complete(request, operation, std::move(completion));
  }
  void abandon(host::RequestId request) { requests_.abandon(request); }
  std::uint32_t bodies_held() const;

  const observe::Counters& counters() const { return counters_; }
  tiers::CacheRegistry& registry() { return registry_; }
  std::size_t requests_in_flight() const { return requests_.in_flight(); }

 private:
  // A request on its way through.
  struct Inbound {
    http::Method method = http::Method::get;
    // Until memory has been looked into.
    std::string url;
    Instant began;
    // Answered in the call in which memory is looked into, so that what is found is still there, and the URL
    // is short enough for a lane.
    bool at_once = false;
    // Made when something needs it.
    std::string request_id;
    // The one that it matches, whose pages may read the answer.
    const config::Resource* resource = nullptr;
    // What another Worker reads by a call, in place of a client's header fields and body.
    std::unique_ptr<const ReadRequest> read;

    Inbound() {}
  };

  // A request for a resource, once it is understood. What it was made of is gone by then.
  struct Question {
    engine::Query query;
    // The digest of the user for whom a narrative is asked; "" for nobody.
    std::string user;
    // What it came with, which the host keeps until it has ended.
    Bytes sent{0};

    explicit Question(engine::Query query_) : query(std::move(query_)) {}
  };

  void build_caches();
  // A new view of the control log: settings as they are now, and purges.
  void take_up_changes();
  void activate_cache();
  // What experiments and POLICY_OVERRIDES say now.
  void adopt_plan();
  // The settings, with what depends on the module in its place.
  void adopt(config::Settings settings);
  void log_start() const;

  // Its answer, counted.
  Outgoing answer_and_count(host::Context here, Inbound& inbound, const engine::Query& query,
                            engine::Reading& reading);
  // Whether a request has to stay behind its response to hand on what is counted.
  bool needs_gatherer(Instant now) const;
  // A GET of a URL that is known. True when it has ended within the call.
  bool fetch_known(host::Context here, Inbound inbound, engine::Query& known);
  host::Task<void> serve(host::Context here, Inbound inbound);
  host::Task<void> serve_call(host::Context here, Inbound inbound, const CallRow& row);
  host::Task<void> serve_read(host::Context here, Inbound inbound, std::string argument);
  host::Task<void> serve_resource(host::Context here, Inbound inbound, config::Matched matched,
                                  http::Target target, std::optional<http::ExactTarget> exact);
  // From the look into memory on, which read_now() has made; `reading`: what it found.
  host::Task<void> serve_question(host::Context here, Inbound inbound, Question question, tiers::Look near,
                                  std::optional<engine::Reading> reading);
  bool leaves_its_resource(const Inbound& inbound) const;
  host::Task<void> serve_as_sent(host::Context here, Inbound inbound, http::Target target);
  // Mode http, with a method whose answers are not kept.
  host::Task<void> serve_through(host::Context here, Inbound inbound, config::Matched matched,
                                 http::Target target, http::ExactTarget exact);
  host::Task<void> serve_operators(host::Context here, Inbound inbound, http::Target target);
  // The handlers of events.def.
  host::Task<void> consume_authors(host::Context here, std::string queue,
                                   std::vector<warm::Delivery> deliveries);
  host::Task<void> consume_archive(host::Context here, std::string queue,
                                   std::vector<warm::Delivery> deliveries);
  host::Task<void> consume_dead_letters(host::Context here, std::string queue,
                                        std::vector<warm::Delivery> deliveries);
#define LARDER_CRON(expression, handler, purpose) host::Task<void> handler(host::Context here);
#include "app/events.def"
  host::Task<void> maintain(host::Context here);
  void count_answer(const engine::Query& query, const engine::Reading& reading, std::uint32_t status,
                    Instant began);
  void bill(metrics::BilledItem item, std::uint64_t units = 1);
  // Somebody hands on what is gathered.
  bool measures_requests() const { return !bypass_ && settings_.ledger_shards > 0; }
  void note_unmatched(const http::Target& target, Instant now);
  // Before counters are handed over: hits of lanes, and gauges.
  void complete_counts();
  bool needs_metering(Instant now) const;
  // Behind a response: stays to gather what is counted where nobody else does.
  host::Task<void> meter(host::Context here);
  // What is counted goes to the ledger, and data points to their datasets, now.
  host::Task<void> hand_over(host::Context here);
  host::Task<monitor::Elsewhere> elsewhere(host::Context here);
  // What the stores say of themselves, for status and advice.
  host::Task<void> survey_stores(host::Context here);
  using QueueHandler = host::Task<void> (App::*)(host::Context here, std::string queue,
                                                 std::vector<warm::Delivery> deliveries);
  using CronHandler = host::Task<void> (App::*)(host::Context here);
  // nullptr: none of the table.
  static QueueHandler queue_handler(std::string_view queue);
  static CronHandler cron_handler(std::string_view expression);
  host::Task<void> refuse_batch(host::Context here, std::string queue, std::vector<std::string> messages);

  // An answer that needs no waiting: how the Worker is, and what is wrong with the request.
  Outgoing health() const;
  Outgoing front() const;
  Outgoing internal_cache() const;
  Outgoing unmatched(host::Context here, const http::Target& target, Inbound& inbound) const;
  Outgoing misconfigured() const;

  // `exact`: the target as it came, in mode http. `body`: the request's, where its resource is asked by POST.
  Result<engine::Query> make_query(host::Context here, const config::Matched& matched,
                                   const http::Target& target, const std::optional<http::ExactTarget>& exact,
                                   const Inbound& inbound, std::string_view body) const;
  // What the request asks, or what is wrong with it; as make_query.
  tl::expected<Question, Outgoing> understand(host::Context here, const Inbound& inbound,
                                              const config::Matched& matched, const http::Target& target,
                                              const std::optional<http::ExactTarget>& exact,
                                              std::string_view body) const;
  // The same for a POST: waits for its body.
  host::Task<tl::expected<Question, Outgoing>> receive(host::Context here, const Inbound& inbound,
                                                       const config::Matched& matched,
                                                       const http::Target& target,
                                                       const std::optional<http::ExactTarget>& exact);
  // What of a request's fields in mode http can neither be answered nor sent on.
  std::optional<Outgoing> refuse_fields(host::Context here, const engine::Query& query) const;
  // The JSON body of a POST, or what is wrong with it.
  host::Task<tl::expected<std::string, Outgoing>> read_posted(host::Context here);
  // Nobody has room for this request.
  Outgoing crowded_out(host::Crowd crowd);
  // 503: it may be asked again soon.
  Outgoing unavailable(std::string_view reason) const;
  // What the client gets of a reading.
  Outgoing answer_of(host::Context here, Inbound& inbound, const engine::Query& query,
                     const engine::Reading& reading);
  Outgoing preflight(host::Context here, const http::Target& target, std::string_view allow) const;
  // The same of a memory hit, in numbers; nothing: its head cannot be kept.
  std::optional<Outgoing> kept_answer_of(host::Context here, const Inbound& inbound,
                                         const engine::Query& query, const engine::Reading& reading,
                                         const http::Conditions& conditions);
  // Counts what the host has answered from lanes.
  void take_lane_hits(Instant now);
  void count_lane_hits(const host::LaneHits& hits);
  // The answer of a memory hit that is asked for often may be repeated by the host.
  std::optional<host::Lane> lane_for(const engine::Query& query, const engine::Reading& reading);
  void answer(host::Context here, Inbound& inbound, Outgoing outgoing, std::string_view resource);
  std::string request_id(host::Context here) const;

  host::Host& host_;
  // Ends after all entries: they have places for heads.
  host::Heads heads_{host_, config::limit::heads_max};
  std::string toolchain_;
  bool bypass_ = false;
  TextPairs bindings_;
  config::Settings settings_;
  config::Declarations declarations_;
  std::string declarations_file_;
  Faults faults_;
  observe::Counters counters_;
  tiers::CacheRegistry registry_;
  tiers::TieredCache* tiered_ = nullptr;
  std::unique_ptr<engine::Control> control_;
  std::unique_ptr<engine::Engine> engine_;
  observe::NarrativeLog narrative_log_{settings_, counters_};
  observe::Analytics analytics_{settings_, counters_};
  narrative::Narratives narratives_{host_, settings_, counters_};
  std::unique_ptr<warm::Warming> warming_;
  std::unique_ptr<cold::Archiver> archiver_;
  monitor::Meter meter_{settings_, counters_, [this] { complete_counts(); }};
  trials::Tally tally_{counters_};
  std::unique_ptr<trials::Conductor> conductor_;
  std::unique_ptr<operators::Operators> operators_;
  LaneKeeper lanes_;
  KnownUrls known_urls_{config::limit::known_urls_max};
  // Room for requests that wait, for bodies on their way, for operators' requests, and for lists they upload.
  host::Admission waiting_;
  host::Admission receiving_;
  host::Admission operating_;
  host::Admission uploads_;
  // Ends first: the requests' frames lean on all of the above.
  host::Requests requests_;
};

}  // namespace larder::app
