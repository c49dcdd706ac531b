#include "warm/deployment.h"

#include <algorithm>

#include "base/text.h"
#include "json/json_text.h"

namespace larder::warm {

Deployment::Deployment(std::uint64_t seed, std::size_t count, Weather weather_, TextPairs settings,
                       std::string declarations)
    : random(seed),
      library(random, count),
      weather(weather_),
      settings_(std::move(settings)),
      declarations_(std::move(declarations)) {
  sim::TokenVerdict verdict;
  verdict.claims = R"({"sub":"ann","role":"admin"})";
  world.tokens["ann"] = verdict;
  settings_.emplace_back("ADMIN_JWT_SECRET", "0123456789abcdef0123456789abcdef");
  settings_.emplace_back("OPENLIBRARY_RATE", "20");
  world.origin = [this](const sim::OriginRequest& request) {
    sim::OriginReply reply = library.answer(request.url);
    if (world.now >= weather.down_from && world.now < weather.down_until) {
      reply = sim::OriginReply();
      reply.status = 503;
    } else if (weather.subject_status != 0 && !sim::genre_asked(request.url).empty()) {
      reply = sim::OriginReply();
      reply.status = weather.subject_status;
    } else if (random.percent(weather.busy)) {
      reply = sim::OriginReply();
      reply.status = 429;
      reply.headers = {{"retry-after", "7"}};
    }
    return reply;
  };
  world.fault = [this](host::OperationKind kind) -> std::optional<sim::Fault> {
    const bool may_fail = kind == host::OperationKind::kv_get || kind == host::OperationKind::kv_put ||
                          kind == host::OperationKind::kv_get_many ||
                          kind == host::OperationKind::object_run || kind == host::OperationKind::queue_send;
    if (!may_fail || !random.percent(weather.faults)) {
      return std::nullopt;
    }
    sim::Fault fault;
    fault.status = 2;
    return fault;
  };
  world.settled = [this](host::RequestId, const std::vector<std::string>& acknowledged,
                         const std::vector<std::string>& retried,
                         Millis delay) { settle(acknowledged, retried, delay); };
  renew();
}

void Deployment::renew() {
  if (isolate_ != nullptr) {
    isolate_->host.stop();
    gone_.push_back(std::move(isolate_));
  }
  isolate_ = std::make_unique<sim::Isolate>(world, settings_, declarations_);
}

void Deployment::deploy(std::string declarations) {
  declarations_ = std::move(declarations);
  renew();
}

sim::SimulatedHost::Exchange& Deployment::call(std::string method, std::string path, std::string body) {
  sim::SentBody sent;
  sent.content = std::move(body);
  return isolate_->run(std::move(method), "https://larder.test" + path,
                       {{"authorization", "Bearer ann"}, {"content-type", "application/json"}},
                       std::move(sent));
}

sim::SimulatedHost::Exchange& Deployment::upload(const std::vector<std::string>& names,
                                                 const std::string& depth_max, const TextPairs& options) {
  sim::SentBody sent;
  sent.content = "Title,Author,My Rating\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    sent.content += concat({"Book ", std::to_string(i), ",", names[i], "\n"});
  }
  sent.form_fields = TextPairs{{"maxDepth", depth_max}, {"aggressiveness", "eager"}};
  sent.form_fields->insert(sent.form_fields->end(), options.begin(), options.end());
  sent.file_name = "books.csv";
  return isolate_->run("POST", "https://larder.test/api/warming/upload",
                       {{"authorization", "Bearer ann"}, {"content-type", "multipart/form-data; boundary=x"}},
                       std::move(sent));
}

std::size_t Deployment::subjects_asked() const {
  const auto& requests = world.origin_requests;
  return static_cast<std::size_t>(std::count_if(
      requests.begin(), requests.end(),
      [](const sim::OriginRequest& request) { return !sim::genre_asked(request.url).empty(); }));
}

std::uint64_t Deployment::subjects_counted(std::string_view outcome, std::string_view reason) {
  const auto status = json::JsonText::parse(call("GET", "/internal/cache").body);
  LARDER_ASSERT(status.has_value());
  const auto counters = status->find("counters");
  LARDER_ASSERT(counters.has_value());
  std::uint64_t sum = 0;
  for (const json::JsonText& series : counters->items("warming_subjects_total")) {
    const bool is_meant = series.text("outcome") == outcome && series.text("reason") == reason;
    sum += is_meant ? series.number("value") : 0;
  }
  return sum;
}

sim::JobsView::Job Deployment::only_job() const {
  const std::vector<sim::JobsView::Job> all = jobs.jobs();
  LARDER_ASSERT(all.size() == 1);
  return all.front();
}

void Deployment::collect() {
  static const std::map<std::string, std::string> names = {
      {"AUTHOR_WARMING_QUEUE", "author-warming-queue"},
      {"AUTHOR_WARMING_PRIORITY", "author-warming-priority"}};
  for (const auto& [binding, name] : names) {
    auto& queue = world.queues[binding];
    while (!queue.empty()) {
      Held held;
      held.id = "m" + std::to_string(next_id_++);
      held.queue = name;
      held.from = queue.front().first;
      held.body = std::move(queue.front().second);
      queue.pop_front();
      held_[held.id] = std::move(held);
    }
  }
}

void Deployment::settle(const std::vector<std::string>& acknowledged, const std::vector<std::string>& retried,
                        Millis delay) {
  for (const std::string& id : acknowledged) {
    const auto found = under_way_.find(id);
    LARDER_ASSERT(found != under_way_.end());
    if (random.percent(weather.twice)) {
      found->second.from = world.now + random.between(Millis(0), Millis(60'000));
      held_[id] = found->second;
    }
    under_way_.erase(found);
  }
  for (const std::string& id : retried) {
    const auto found = under_way_.find(id);
    LARDER_ASSERT(found != under_way_.end());
    found->second.from = world.now + delay;
    held_[id] = found->second;
    under_way_.erase(found);
  }
}

bool Deployment::deliver_once() {
  constexpr std::uint32_t attempts_max = 4;
  constexpr std::size_t batch_max = 10;
  collect();
  if (held_.empty()) {
    return false;
  }
  std::vector<std::string> due;
  Instant next = Instant::max();
  for (auto& [id, held] : held_) {
    if (held.attempts >= attempts_max && held.queue != "author-warming-dlq") {
      held.queue = "author-warming-dlq";
      held.attempts = 0;
      ++platform_letters;
    }
    next = std::min(next, held.from);
    if (held.from <= world.now) {
      due.push_back(id);
    }
  }
  if (due.empty()) {
    world.after(next - world.now, [] {});
    world.run();
    return true;
  }
  const std::string queue = held_[due[random.index(due.size())]].queue;
  std::vector<sim::Isolate::Sent> batch;
  while (!due.empty() && batch.size() < batch_max) {
    const std::size_t at = random.index(due.size());
    Held held = held_[due[at]];
    due.erase(due.begin() + static_cast<std::ptrdiff_t>(at));
    if (held.queue != queue) {
      continue;
    }
    held.attempts += 1;
    held_.erase(held.id);
    batch.emplace_back(held.id, held.attempts, held.body);
    under_way_[held.id] = std::move(held);
  }
  deliveries += batch.size();
  isolate_->batch(queue, batch);
  if (random.percent(weather.lost)) {
    // Gone between two operations, wherever that is.
    for (std::size_t steps = random.index(200); steps > 0 && world.step(Instant::max()); --steps) {
    }
    ++consumers_lost;
    renew();
  }
  world.run();
  // What a lost consumer did not settle is delivered again.
  for (auto& [id, held] : under_way_) {
    held.from = world.now + Millis(1000);
    held_[id] = held;
  }
  under_way_.clear();
  return true;
}

void Deployment::drain(std::size_t rounds) {
  while (rounds > 0 && deliver_once()) {
    --rounds;
  }
  LARDER_ASSERT(rounds > 0);
}

}  // namespace larder::warm
