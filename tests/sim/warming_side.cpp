#include "sim/warming_side.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/text.h"
#include "sim/books.h"
#include "sim/origins.h"

namespace larder::sim {

namespace {

// The cron that tends to warming (wrangler.toml).
constexpr std::string_view tend_cron = "*/5 * * * *";
// Jobs that have gone quiet are sent again after ten minutes.
constexpr Millis until_quiet{605'000};
constexpr std::uint32_t tended_max = 6;
constexpr std::uint32_t replayed_max = 3;

std::uint32_t number_of(host::RequestId request) { return static_cast<std::uint32_t>(request); }

}  // namespace

WarmingSide::WarmingSide(World& world, Random& random, Journal& journal, Stage& stage)
    : world_(world),
      random_(random),
      journal_(journal),
      stage_(stage),
      jobs_(world, std::string(tenant_names[tenant])),
      queues_(random),
      judge_(world, journal, jobs_, queues_) {
  world_.durable.at("WARMING_JOBS")
      .called.push_back([this](const std::string& name, std::uint32_t method, std::string_view argument,
                               std::string_view reply) {
        if (name != tenant_names[tenant]) {
          return;
        }
        judge_.called(method, argument, reply);
        const auto opened = method == records::jobs::open_number
                                ? results_of<records::jobs::open_results>(reply)
                                : std::nullopt;
        Errand* const errand = current();
        if (errand != nullptr && opened &&
            opened->outcome == static_cast<std::uint8_t>(records::OpenOutcome::created)) {
          errand->queued += 1;
        }
      });
  // The buckets, which give origins' turns among other things.
  world_.durable.at("BUCKETS").called.push_back(
      [this](const std::string& name, std::uint32_t, std::string_view, std::string_view reply) {
        const auto taken = results_of<records::buckets::take_results>(reply);
        Errand* const errand = current();
        if (errand != nullptr && contains(name, ":origin:") && taken && taken->allowed == 1) {
          errand->turns += 1;
        }
      });
  TokenVerdict verdict;
  verdict.claims = R"({"sub":"ann","role":"admin"})";
  world_.tokens["ann"] = verdict;
  world_.settled = [this](host::RequestId request, const std::vector<std::string>& acknowledged,
                          const std::vector<std::string>& retried,
                          Millis delay) { settled(request, acknowledged, retried, delay); };
  judge_.is_kept = [this](std::string_view query, std::size_t id) { return stage_.is_kept(query, id); };
  judge_.pending_max = random_.percent(50) ? 8 + random_.below(24) : 1'000;
}

TextPairs WarmingSide::bindings() const {
  return {{"ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef"},
          {"OPENLIBRARY_RATE", "4"},
          {"WARMING_PENDING_MAX", to_text(judge_.pending_max)}};
}

void WarmingSide::begin(Rates rates) {
  rates_ = rates;
  world_.after(random_.between(Millis(0), Millis(5'000)), [this] { arrive(); });
}

void WarmingSide::heal() {
  healed_ = true;
  rates_ = Rates();
}

bool WarmingSide::go_on() {
  LARDER_ASSERT(queues_.empty());
  if (judge_.has_active_job() && tended_ < tended_max) {
    // Messages were lost: the cron sends them again once the job is quiet.
    ++tended_;
    world_.now += until_quiet;
    maintain();
    return true;
  }
  const auto letters = jobs_.letters();
  const bool recoverable = std::any_of(letters.begin(), letters.end(), [](const records::LetterRow& letter) {
    return !letter.job.empty() && !is_refused_author(letter.key);
  });
  if (recoverable && replayed_ < replayed_max) {
    ++replayed_;
    call("POST", "/api/warming/dlq/replay", ErrandKind::call, SentBody(), {});
    return true;
  }
  judge_.ended();
  for (const std::string& stranger : strangers_) {
    judge_.stranger(stranger);
  }
  return false;
}

// Errands ----------------------------------------------------------------------------------------

const WarmingSide::Errand* WarmingSide::find(host::RequestId request) const {
  const auto found = errands_.find(number_of(request));
  return found == errands_.end() ? nullptr : &found->second;
}

WarmingSide::Errand* WarmingSide::current() {
  const auto found = calling_ ? errands_.find(number_of(*calling_)) : errands_.end();
  return found == errands_.end() ? nullptr : &found->second;
}

void WarmingSide::starting(host::RequestId request) {
  calling_.reset();
  if (find(request) != nullptr) {
    calling_ = request;
  }
}

void WarmingSide::asked_origin(std::string_view about) {
  Errand* const errand = current();
  if (errand != nullptr) {
    errand->asks += 1;
    judge_.asked_origin(about, errand->asks, errand->turns);
  }
}

WarmingSide::Errand& WarmingSide::start_errand(ErrandKind kind, const Stage::Place& isolate,
                                               host::RequestId request) {
  journal_.count_request();
  journal_.count_step();
  Errand errand;
  errand.kind = kind;
  errand.isolate = isolate.host->number;
  return errands_[number_of(request)] = std::move(errand);
}

void WarmingSide::call(const std::string& method, const std::string& path, ErrandKind kind, SentBody sent,
                       TextPairs headers) {
  const Stage::Place isolate = stage_.draw_isolate(tenant);
  const host::RequestId request = stage_.next_request();
  start_errand(kind, isolate, request);
  headers.emplace_back("authorization", "Bearer ann");
  auto& exchange = isolate.host->exchange(request);
  exchange.request_headers = std::move(headers);
  exchange.sent = std::move(sent);
  RecordWriter record;
  record.text(method);
  record.text("https://larder.test" + path);
  if (isolate.app->fetch(request, record.bytes())) {
    isolate.host->finished(request);
  }
}

void WarmingSide::finished(FaultyHost& host, host::RequestId request) {
  const auto found = errands_.find(number_of(request));
  if (found == errands_.end()) {
    return;
  }
  const Errand& errand = found->second;
  if (errand.kind == ErrandKind::upload) {
    const auto& exchange = host.exchange(request);
    judge_.upload_answered(exchange.status, exchange.header("retry-after"), exchange.body, errand.queued);
  }
  // A consumer that comes to its end without a word has acknowledged all.
  for (const std::string& id : errand.messages) {
    if (queues_.is_under_way(id)) {
      judge_.acknowledging(id);
      queues_.acknowledge(id);
    }
  }
  errands_.erase(found);
  plan_pump();
}

void WarmingSide::end(std::map<std::uint32_t, Errand>::iterator errand) {
  for (const std::string& id : errand->second.messages) {
    if (queues_.is_under_way(id)) {
      journal_.reach(Probe::consumer_lost);
      queues_.retry(id, world_.now + random_.between(Millis(0), Millis(5'000)));
    }
  }
  errands_.erase(errand);
  plan_pump();
}

void WarmingSide::lost_isolate(std::uint32_t number) {
  for (auto at = errands_.begin(); at != errands_.end();) {
    const auto next = std::next(at);
    if (at->second.isolate == number) {
      end(at);
    }
    at = next;
  }
}

bool WarmingSide::lost_request(host::RequestId request) {
  const auto found = errands_.find(number_of(request));
  if (found == errands_.end()) {
    return false;
  }
  end(found);
  return true;
}

// Operators
// ------------------------------------------------------------------------------------------------

void WarmingSide::arrive() {
  if (healed_) {
    return;
  }
  const std::uint64_t choice = random_.below(100);
  if (choice < 40) {
    upload();
  } else if (choice < 50) {
    prewarm();
  } else if (choice < 55) {
    const std::string job = judge_.any_job(random_);
    if (!job.empty()) {
      call("DELETE", "/api/warming/jobs/" + job, ErrandKind::call, SentBody(), {});
    }
  } else if (choice < 65) {
    call("POST", "/api/warming/dlq/replay", ErrandKind::call, SentBody(), {});
  } else if (choice < 75) {
    call("GET", random_.percent(50) ? "/api/warming/jobs" : "/api/warming/dlq", ErrandKind::call, SentBody(),
         {});
  } else {
    maintain();
  }
  if (random_.percent(3)) {
    // Of a version that is being rolled out.
    const std::string body =
        concat({R"({"kind":"other","number":)", to_text(std::uint64_t{strangers_.size()}), "}"});
    strangers_.push_back(body);
    queues_.send("AUTHOR_WARMING_QUEUE", body, world_.now);
    plan_pump();
  }
  if (random_.chance(rates_.lost) && queues_.lose_one(random_)) {
    journal_.count(FaultKind::message_lost);
  }
  world_.after(random_.between(Millis(100), Millis(8'000)), [this] { arrive(); });
}

void WarmingSide::upload() {
  constexpr std::array<std::string_view, 4> depths = {"1", "2", "3", "3"};
  constexpr std::array<std::string_view, 4> zeal = {"gentle", "normal", "eager", "eager"};
  SentBody sent;
  sent.content = "Title,Author,My Rating\n";
  const std::size_t count = 1 + random_.index(6);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t kind = random_.below(20);
    const std::string author = kind == 0   ? unknown_author(random_.index(authors_unknown))
                               : kind == 1 ? refused_author(random_.index(authors_refused))
                                           : book_text(by_author, random_.index(book_subjects(by_author)));
    sent.content +=
        concat({"Book ", to_text(std::uint64_t{i}), ",", author, ",", random_.percent(30) ? "5" : "", "\n"});
  }
  sent.form_fields = TextPairs{{"maxDepth", std::string(depths[random_.index(depths.size())])},
                               {"aggressiveness", std::string(zeal[random_.index(zeal.size())])},
                               {"priority", random_.percent(30) ? "high" : "normal"}};
  sent.file_name = "books.csv";
  if (last_list_.content.empty() || !random_.percent(20)) {
    last_list_ = sent;
  }
  call("POST", "/api/warming/upload", ErrandKind::upload, last_list_,
       {{"content-type", "multipart/form-data; boundary=x"}});
}

// A list of entries instead of books.
void WarmingSide::prewarm() {
  const std::string_view query = random_.percent(50) ? by_isbn : by_title;
  JsonWriter json;
  json.begin_object().key("resource").value(query).key("concurrency").value(1 + random_.below(3));
  json.key("qps").value(1 + random_.below(5)).key("items").begin_array();
  const std::size_t count = 1 + random_.index(5);
  for (std::size_t i = 0; i < count; ++i) {
    json.begin_object().key("q").value(book_text(query, random_.index(book_subjects(query)))).end_object();
  }
  SentBody sent;
  sent.content = json.end_array().end_object().text();
  call("POST", "/api/warming/prewarm", ErrandKind::upload, std::move(sent),
       {{"content-type", "application/json"}});
}

void WarmingSide::maintain() {
  const Stage::Place isolate = stage_.draw_isolate(tenant);
  const host::RequestId request = stage_.next_request();
  start_errand(ErrandKind::call, isolate, request);
  RecordWriter record;
  record.text(tend_cron);
  record.u64(0);
  if (isolate.app->scheduled(request, record.bytes())) {
    isolate.host->finished(request);
  }
}

// Queues
// ---------------------------------------------------------------------------------------------------

void WarmingSide::queue_sent(const std::string& binding, const std::vector<std::string>& messages,
                             Millis delay) {
  if (Errand* const errand = current()) {
    errand->queued += messages.size();
  }
  if (delay > Millis(0)) {
    journal_.reach(Probe::message_put_off);
  }
  for (const std::string& message : messages) {
    judge_.sent(message);
    Millis late = random_.between(Millis(0), Millis(200));
    if (!healed_ && random_.percent(3)) {
      journal_.count(FaultKind::message_late);
      late += random_.between(Millis(0), Millis(60'000));
    }
    queues_.send(binding, message, world_.now + delay + late);
  }
  plan_pump();
}

void WarmingSide::settled(host::RequestId request, const std::vector<std::string>& acknowledged,
                          const std::vector<std::string>& retried, Millis delay) {
  LARDER_ASSERT(find(request) != nullptr);
  for (const std::string& id : acknowledged) {
    judge_.acknowledging(id);
    if (random_.chance(rates_.again)) {
      journal_.count(FaultKind::message_again);
      queues_.acknowledge_in_vain(id, world_.now + random_.between(Millis(0), Millis(60'000)));
    } else {
      queues_.acknowledge(id);
    }
  }
  for (const std::string& id : retried) {
    queues_.retry(id, world_.now + delay);
  }
  plan_pump();
}

void WarmingSide::plan_pump() {
  const Instant due = queues_.next_due();
  if (pump_planned_ || due == Instant::max()) {
    return;
  }
  pump_planned_ = true;
  const Millis wait = std::max(due - world_.now, Millis(0)) + random_.between(Millis(0), Millis(500));
  world_.after(wait, [this] { pump(); });
}

void WarmingSide::pump() {
  pump_planned_ = false;
  const auto under_way =
      static_cast<std::size_t>(std::count_if(errands_.begin(), errands_.end(), [](const auto& errand) {
        return errand.second.kind == ErrandKind::batch;
      }));
  const std::uint64_t letters = queues_.platform_letters();
  auto batch = queues_.deliver(world_.now, under_way);
  if (queues_.platform_letters() > letters) {
    journal_.reach(Probe::letter_of_platform);
  }
  if (batch) {
    if (under_way > 0) {
      journal_.reach(Probe::batches_at_once);
    }
    deliver(*batch);
  }
  // Where enough are at work, their end goes on.
  if (batch || under_way < Queues::batches_at_once) {
    plan_pump();
  }
}

void WarmingSide::deliver(const Queues::Batch& batch) {
  const Stage::Place isolate = stage_.draw_isolate(tenant);
  const host::RequestId request = stage_.next_request();
  Errand& errand = start_errand(ErrandKind::batch, isolate, request);
  RecordWriter record;
  record.text(batch.queue);
  record.u32(static_cast<std::uint32_t>(batch.messages.size()));
  for (const sim::Isolate::Sent& message : batch.messages) {
    errand.messages.push_back(message.id);
    record.text(message.id);
    record.u32(message.attempts);
    record.text(message.body);
  }
  if (isolate.app->queue(request, record.bytes())) {
    isolate.host->finished(request);
  }
}

}  // namespace larder::sim
