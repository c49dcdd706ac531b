#include "warm/library.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/json_text.h"

namespace larder::warm {

namespace {

constexpr std::array<std::string_view, 16> first_names = {
    "Ada",   "Boris", "Clara", "Denis", "Elena", "Felix", "Greta", "Henry",
    "Irene", "Jonas", "Katja", "Lukas", "Marta", "Nils",  "Olga",  "Pavel"};
constexpr std::array<std::string_view, 16> last_names = {
    "Abbot",  "Barlow", "Conrad",  "Dorset", "Everett", "Fulton", "Graham", "Holden",
    "Irving", "Jarvis", "Kimball", "Larsen", "Mercer",  "Norton", "Osborn", "Parker"};

constexpr std::array<std::string_view, 7> genres = {"fantasy", "science fiction", "gardening", "poetry",
                                                    "horror",  "travel",          ""};

// As catalogues write it: each of these says the genre, or nothing.
std::vector<std::string> subjects_of(std::string_view genre, std::size_t number) {
  std::vector<std::string> subjects = {"Fiction", "Accessible book", "nyt:fiction=2015-10-25"};
  if (genre.empty()) {
    return subjects;
  }
  switch (number % 3) {
    case 0:
      subjects.push_back(concat({"Fiction, ", genre, ", general"}));
      break;
    case 1:
      subjects.emplace_back(genre);
      break;
    default:
      subjects.push_back(concat({"FICTION / ", genre}));
      break;
  }
  return subjects;
}

bool has_subject(const LibraryWork& work, std::string_view subject) {
  return std::any_of(work.subjects.begin(), work.subjects.end(),
                     [&](const std::string& one) { return contains(to_lower(one), subject); });
}

std::string isbn_of(std::size_t number) {
  std::string digits = "97809" +
                       std::string(7 - std::min<std::size_t>(7, std::to_string(number).size()), '0') +
                       std::to_string(number);
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
  }
  return digits + std::to_string((10 - sum % 10) % 10);
}

bool has_author(const LibraryWork& work, std::string_view author) {
  return std::any_of(work.authors.begin(), work.authors.end(),
                     [&](const std::string& one) { return equals_ignoring_case(one, author); });
}

std::string field_of(const std::string& url, std::string_view name) {
  const std::string wanted = concat({name, "="});
  const std::size_t question = url.find('?');
  for (const std::string_view pair : split(std::string_view(url).substr(question + 1), '&')) {
    if (pair.starts_with(wanted)) {
      return percent_decode(pair.substr(wanted.size()), true).value_or("");
    }
  }
  return "";
}

// The phrase of a search by subject, "" for any other.
std::string subject_asked(const std::string& url) {
  const std::string query = field_of(url, "q");
  constexpr std::string_view head = "subject:\"";
  if (!query.starts_with(head) || !query.ends_with('"')) {
    return "";
  }
  return query.substr(head.size(), query.size() - head.size() - 1);
}

}  // namespace

Library::Library(sim::Random& random, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    authors.push_back(concat({first_names[i % 16], " ", last_names[i / 16 % 16]}));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t own = 2 + random.index(2);
    for (std::size_t k = 0; k < own; ++k) {
      LibraryWork work;
      const std::string number = std::to_string(works.size() + 1);
      work.key = concat({"/works/OL", number, "W"});
      // Some titles are shared by authors who never met.
      work.title = random.percent(20) ? concat({"Shared Title ", std::to_string(random.below(5))})
                                      : concat({"Title ", number});
      work.authors.push_back(authors[i]);
      if (random.percent(33) && count > 1) {
        work.authors.push_back(authors[(i + 1 + random.index(count - 1)) % count]);
      }
      work.isbn = isbn_of(works.size() + 1);
      work.subjects = subjects_of(genres[i % genres.size()], works.size());
      works.push_back(std::move(work));
    }
  }
}

std::vector<LibraryWork> Library::works_of(const std::string& author) const {
  std::vector<LibraryWork> found;
  for (const LibraryWork& work : works) {
    if (has_author(work, author)) {
      found.push_back(work);
    }
  }
  return found;
}

std::set<std::string> Library::reached(const std::vector<std::string>& roots, std::uint32_t levels) const {
  std::set<std::string> all(roots.begin(), roots.end());
  for (std::uint32_t level = 1; level < levels; ++level) {
    std::set<std::string> next = all;
    for (const LibraryWork& work : works) {
      if (std::any_of(work.authors.begin(), work.authors.end(),
                      [&](const std::string& author) { return all.count(author) == 1; })) {
        next.insert(work.authors.begin(), work.authors.end());
      }
    }
    all = std::move(next);
  }
  return all;
}

std::string Library::genre_of(const std::string& author) const {
  std::map<std::string_view, std::pair<std::size_t, std::size_t>> counts;
  for (const LibraryWork& work : works_of(author)) {
    for (const std::string_view genre : genres) {
      if (!genre.empty() && has_subject(work, genre)) {
        ++counts[genre].first;
      }
    }
  }
  std::string_view best;
  for (const auto& [genre, count] : counts) {
    best = best.empty() || count.first > counts[best].first ? genre : best;
  }
  return std::string(best);
}

std::vector<std::string> Library::related_to(const std::string& author) const {
  const std::string genre = genre_of(author);
  std::set<std::string> known = {author};
  for (const LibraryWork& work : works_of(author)) {
    known.insert(work.authors.begin(), work.authors.end());
  }
  std::vector<std::string> named;
  std::map<std::string, std::size_t> places;
  std::map<std::string, std::size_t> counts;
  std::size_t answered = 0;
  for (const LibraryWork& work : works) {
    if (genre.empty() || !has_subject(work, genre) || ++answered > 100) {
      continue;
    }
    for (const std::string& one : work.authors) {
      if (known.count(one) == 0 && ++counts[one] == 1) {
        places[one] = named.size();
        named.push_back(one);
      }
    }
  }
  std::sort(named.begin(), named.end(), [&](const std::string& a, const std::string& b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : places[a] < places[b];
  });
  named.resize(std::min<std::size_t>(named.size(), 5));
  return named;
}

std::set<std::string> Library::reached_by_subject(const std::vector<std::string>& roots,
                                                  std::uint32_t levels) const {
  std::set<std::string> all(roots.begin(), roots.end());
  for (std::uint32_t level = 1; level < levels; ++level) {
    std::set<std::string> next = reached({all.begin(), all.end()}, 2);
    for (const std::string& author : all) {
      const std::vector<std::string> related = related_to(author);
      next.insert(related.begin(), related.end());
    }
    all = std::move(next);
  }
  return all;
}

sim::OriginReply Library::answer(const std::string& url) const {
  const std::string author = field_of(url, "author");
  const std::string title = field_of(url, "title");
  const std::string isbn = field_of(url, "isbn");
  const std::string subject = subject_asked(url);
  JsonWriter json;
  json.begin_object().key("docs").begin_array();
  std::size_t count = 0;
  for (const LibraryWork& work : works) {
    const bool is_wanted = (!author.empty() && has_author(work, author)) ||
                           equals_ignoring_case(work.title, title) || work.isbn == isbn ||
                           (!subject.empty() && has_subject(work, subject));
    if (is_wanted && count < 100) {
      ++count;
      json.begin_object().key("key").value(work.key).key("title").value(work.title);
      json.key("author_name").texts(work.authors).key("isbn").texts({work.isbn});
      json.key("subject").texts(work.subjects).end_object();
    }
  }
  json.end_array().key("numFound").value(count).end_object();
  sim::OriginReply reply;
  reply.headers = {{"content-type", "application/json"}};
  reply.content = json.text();
  return reply;
}

Deployment::Deployment(std::uint64_t seed, std::size_t count, Weather weather_, TextPairs settings,
                       std::string declarations)
    : random(seed),
      library(random, count),
      weather(weather_),
      jobs(sim::add_jobs_object(world)),
      settings_(std::move(settings)),
      declarations_(std::move(declarations)) {
  sim::add_operators_objects(world);
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
    } else if (weather.subject_status != 0 && !subject_asked(request.url).empty()) {
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
                          kind == host::OperationKind::object_call || kind == host::OperationKind::queue_send;
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
  return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(),
                    [](const sim::OriginRequest& request) { return !subject_asked(request.url).empty(); }));
}

std::uint64_t Deployment::subjects_counted(std::string_view outcome, std::string_view reason) {
  const auto status = config::JsonText::parse(call("GET", "/internal/cache").body);
  LARDER_ASSERT(status.has_value());
  const auto counters = status->find("counters");
  LARDER_ASSERT(counters.has_value());
  std::uint64_t sum = 0;
  for (const config::JsonText& series : counters->items("warming_subjects_total")) {
    const bool is_meant = series.text("outcome") == outcome && series.text("reason") == reason;
    sum += is_meant ? series.number("value") : 0;
  }
  return sum;
}

const sim::SimulatedJobs::Job& Deployment::only_job() const {
  LARDER_ASSERT(jobs.jobs.size() == 1);
  return jobs.jobs.begin()->second;
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
