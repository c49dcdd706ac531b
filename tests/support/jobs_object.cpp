#include "support/jobs_object.h"

#include <algorithm>
#include <set>

#include "base/assert.h"

namespace larder::sim {

namespace {

ObjectReply answered(const JsonWriter& json) {
  ObjectReply reply;
  reply.result = json.text();
  return reply;
}

ObjectReply refused(std::string reason) {
  ObjectReply reply;
  reply.refusal = std::move(reason);
  return reply;
}

void write_millis(JsonWriter& json, std::string_view name, std::uint64_t millis) {
  json.key(name);
  if (millis == 0) {
    json.null();
  } else {
    json.value(millis);
  }
}

}  // namespace

SimulatedJobs::Level SimulatedJobs::Job::sum() const {
  Level sum;
  for (const auto& [depth, level] : levels) {
    sum.queued += level.queued;
    sum.processed += level.processed;
    sum.failed += level.failed;
    sum.skipped += level.skipped;
    sum.works += level.works;
  }
  return sum;
}

ObjectReply SimulatedJobs::call(Instant, const std::string&, const std::string& method,
                                const std::string& argument) {
  const auto asked = config::JsonText::parse(argument);
  LARDER_ASSERT(asked.has_value());
  using Method = ObjectReply (SimulatedJobs::*)(const config::JsonText&);
  static const std::map<std::string, Method> methods = {{"open", &SimulatedJobs::open},
                                                        {"begin", &SimulatedJobs::begin},
                                                        {"discover", &SimulatedJobs::discover},
                                                        {"settle", &SimulatedJobs::settle},
                                                        {"list", &SimulatedJobs::list},
                                                        {"cancel", &SimulatedJobs::cancel},
                                                        {"walk", &SimulatedJobs::walk},
                                                        {"keep", &SimulatedJobs::keep},
                                                        {"letters", &SimulatedJobs::show_letters},
                                                        {"replay", &SimulatedJobs::replay},
                                                        {"resent", &SimulatedJobs::resent},
                                                        {"quiet", &SimulatedJobs::quiet},
                                                        {"prune", &SimulatedJobs::prune}};
  if (method == "show") {
    const auto job = jobs.find(asked->text("job"));
    if (job == jobs.end()) {
      return refused("There is no such job.");
    }
    JsonWriter json;
    write_job(json, job->second);
    return answered(json);
  }
  const auto found = methods.find(method);
  LARDER_ASSERT(found != methods.end());
  return (this->*found->second)(*asked);
}

SimulatedJobs::Job* SimulatedJobs::active(const std::string& id) {
  const auto found = jobs.find(id);
  return found != jobs.end() && found->second.is_active() ? &found->second : nullptr;
}

void SimulatedJobs::start(Job& job, std::uint64_t now) {
  job.state = "running";
  job.started = job.started == 0 ? now : job.started;
  job.touched = now;
  started_ = started_ == 0 ? now : started_;
}

SimulatedJobs::Item* SimulatedJobs::find(const std::string& job, const std::string& key,
                                         std::uint64_t remaining) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) {
    return item.job == job && item.key == key && item.remaining == remaining;
  });
  return found == items.end() ? nullptr : &*found;
}

void SimulatedJobs::add(Job& job, const config::JsonText& item, const std::string& parent) {
  Item added;
  added.job = job.id;
  added.key = item.text("key");
  added.depth = item.number("depth");
  added.remaining = item.number("maxDepth") - added.depth;
  added.name = item.text("name");
  added.source = item.text("source");
  added.parent = parent;
  added.state = "open";
  if (find(job.id, added.key, added.remaining) != nullptr) {
    return;
  }
  added.number = next_number_++;
  job.levels[added.depth].queued += 1;
  items.push_back(std::move(added));
}

ObjectReply SimulatedJobs::open(const config::JsonText& asked) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [id, job] : jobs) {
    if (job.digest == asked.text("digest") && job.is_active()) {
      json.key("created").value(false).key("job");
      write_job(json, job);
      json.end_object();
      return answered(json);
    }
  }
  const auto wanted = asked.items("items");
  if (pending() + wanted.size() > asked.number("pendingMax")) {
    json.key("refused").value(true).key("pending").value(pending()).end_object();
    return answered(json);
  }
  Job job;
  job.number = next_number_++;
  job.id = asked.text("id");
  job.digest = asked.text("digest");
  job.state = "queued";
  job.options = asked.find("options")->json();
  job.created = asked.number("now");
  job.touched = job.created;
  Job& kept = jobs[job.id] = std::move(job);
  for (const config::JsonText& item : wanted) {
    add(kept, item, "");
  }
  json.key("created").value(true).key("job");
  write_job(json, kept);
  write_totals(json);
  json.end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::begin(const config::JsonText& asked) {
  const std::uint64_t now = asked.number("now");
  JsonWriter json;
  json.begin_object().key("open").begin_array();
  for (const config::JsonText& reference : asked.items("items")) {
    Job* const job = active(reference.text("job"));
    if (job == nullptr) {
      json.value(false);
      continue;
    }
    start(*job, now);
    const Item* const item = find(job->id, reference.text("key"), reference.number("remaining"));
    json.value(item != nullptr && item->state == "open");
  }
  json.end_array().end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::discover(const config::JsonText& asked) {
  Job* const job = active(asked.text("job"));
  JsonWriter json;
  json.begin_object().key("send").begin_array();
  std::uint64_t index = 0;
  for (const config::JsonText& found : asked.items("items")) {
    const std::uint64_t at = index++;
    if (job == nullptr) {
      break;
    }
    job->touched = asked.number("now");
    const std::uint64_t remaining = found.number("maxDepth") - found.number("depth");
    const Item* known = nullptr;
    for (const Item& item : items) {
      if (item.job == job->id && item.key == found.text("key") && item.remaining >= remaining &&
          (known == nullptr || item.remaining < known->remaining)) {
        known = &item;
      }
    }
    if (known == nullptr) {
      if (job->sum().queued >= asked.number("itemsMax")) {
        job->beyond += 1;
        continue;
      }
      add(*job, found, asked.text("parent"));
      json.value(at);
    } else if (known->parent == asked.text("parent") && known->state == "open" &&
               known->remaining == remaining) {
      json.value(at);
    }
  }
  json.end_array().end_object();
  return answered(json);
}

bool SimulatedJobs::account(const config::JsonText& asked, std::uint64_t now) {
  Job* const job = active(asked.text("job"));
  if (job == nullptr) {
    return false;
  }
  job->touched = now;
  Item* const item = find(job->id, asked.text("key"), asked.number("remaining"));
  if (item == nullptr || (item->state != "open" && !counts_twice)) {
    return false;
  }
  item->state = asked.text("outcome");
  Level& level = job->levels[item->depth];
  level.works += asked.number("works");
  if (item->state == "processed") {
    level.processed += 1;
    authors_ += 1;
    works_ += asked.number("works");
  } else if (item->state == "skipped") {
    level.skipped += 1;
  } else {
    level.failed += 1;
    Letter letter;
    letter.number = next_number_++;
    letter.job = job->id;
    letter.key = item->key;
    letter.remaining = item->remaining;
    letter.reason = asked.text("reason");
    letter.message = asked.text("message");
    letter.at = now;
    letters.push_back(std::move(letter));
  }
  return true;
}

bool SimulatedJobs::end_if_over(Job& job, std::uint64_t now) {
  const Level sum = job.sum();
  const bool is_over = sum.open() == 0 || (ends_early && job.levels[1].open() == 0);
  if (!job.is_active() || !is_over) {
    return false;
  }
  job.state = sum.failed > 0 && sum.processed + sum.skipped == 0 ? "failed" : "complete";
  job.completed = now;
  completed_ = now;
  if (sum.failed == 0) {
    forget(job.id);
  }
  return true;
}

ObjectReply SimulatedJobs::settle(const config::JsonText& asked) {
  const std::uint64_t now = asked.number("now");
  JsonWriter json;
  json.begin_object().key("counted").begin_array();
  std::set<std::string> touched;
  for (const config::JsonText& item : asked.items("items")) {
    json.value(account(item, now));
    touched.insert(item.text("job"));
  }
  json.end_array().key("ended").begin_array();
  for (const std::string& id : touched) {
    const auto job = jobs.find(id);
    if (job != jobs.end() && end_if_over(job->second, now)) {
      write_job(json, job->second);
    }
  }
  json.end_array().key("pending").value(pending());
  write_totals(json);
  json.end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::list(const config::JsonText& asked) {
  const std::uint64_t cursor = asked.number("cursor");
  std::vector<const Job*> newest;
  for (const auto& [id, job] : jobs) {
    if (cursor == 0 || job.number < cursor) {
      newest.push_back(&job);
    }
  }
  std::sort(newest.begin(), newest.end(), [](const Job* a, const Job* b) { return a->number > b->number; });
  const std::size_t limit = asked.number("limit");
  newest.resize(std::min(newest.size(), limit));
  JsonWriter json;
  json.begin_object().key("jobs").begin_array();
  for (const Job* job : newest) {
    write_job(json, *job);
  }
  json.end_array().key("next").value(newest.size() == limit ? newest.back()->number : 0);
  json.key("pending").value(pending()).key("letters").value(letters.size());
  write_totals(json);
  json.end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::cancel(const config::JsonText& asked) {
  const auto found = jobs.find(asked.text("job"));
  if (found == jobs.end()) {
    return refused("There is no such job.");
  }
  const bool removed = !found->second.is_active();
  if (!removed) {
    found->second.state = "cancelled";
    found->second.completed = asked.number("now");
  }
  forget(found->first);
  JsonWriter json;
  json.begin_object().key("removed").value(removed).key("job");
  write_job(json, found->second);
  json.end_object();
  if (removed) {
    jobs.erase(found);
  }
  return answered(json);
}

ObjectReply SimulatedJobs::walk(const config::JsonText& asked) {
  Job* const job = active(asked.text("job"));
  if (job != nullptr) {
    start(*job, asked.number("now"));
  }
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  std::uint64_t first = 0;
  std::uint64_t given = 0;
  for (const Item& item : items) {
    if (job == nullptr || item.job != job->id) {
      continue;
    }
    first = first == 0 ? item.number : first;
    const std::uint64_t place = item.number - first;
    const std::uint64_t step = asked.number("step");
    const std::uint64_t from = asked.number("from");
    if (item.state == "open" && place >= from && place % step == from % step &&
        given < asked.number("limit")) {
      ++given;
      json.begin_object().key("key").value(item.key).key("name").value(item.name);
      json.key("depth").value(item.depth).key("maxDepth").value(item.depth + item.remaining);
      json.key("source").value(item.source).key("place").value(place).end_object();
    }
  }
  json.end_array().key("over").value(job == nullptr).end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::keep(const config::JsonText& asked) {
  std::erase_if(letters,
                [&](const Letter& letter) { return letter.job.empty() && letter.key == asked.text("key"); });
  Letter letter;
  letter.number = next_number_++;
  letter.key = asked.text("key");
  letter.body = asked.text("body");
  letter.reason = asked.text("reason");
  letter.message = asked.text("message");
  letter.at = asked.number("now");
  letters.push_back(std::move(letter));
  JsonWriter json;
  return answered(json.begin_object().end_object());
}

ObjectReply SimulatedJobs::show_letters(const config::JsonText& asked) {
  JsonWriter json;
  json.begin_object().key("letters").begin_array();
  std::uint64_t given = 0;
  std::uint64_t last = 0;
  for (const Letter& letter : letters) {
    if (letter.number <= asked.number("cursor") || given == asked.number("limit")) {
      continue;
    }
    ++given;
    last = letter.number;
    const Item* const item = find(letter.job, letter.key, letter.remaining);
    json.begin_object().key("id").value(letter.number).key("job").value(letter.job);
    json.key("name").value(item == nullptr ? letter.key : item->name);
    json.key("depth").value(item == nullptr ? 0 : item->depth).key("reason").value(letter.reason);
    json.key("message").value(letter.message).key("at").value(letter.at).end_object();
  }
  json.end_array().key("next").value(given == asked.number("limit") ? last : 0);
  json.key("depth").value(letters.size()).end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::replay(const config::JsonText& asked) {
  std::set<std::uint64_t> ids;
  for (const config::JsonText& id : asked.items("ids")) {
    ids.insert(id.as_number().value_or(0));
  }
  std::vector<Letter> taken;
  std::vector<Letter> left;
  for (Letter& letter : letters) {
    const bool wanted = ids.empty() || ids.count(letter.number) == 1;
    const bool is_taken = wanted && taken.size() < asked.number("limit");
    if (is_taken) {
      taken.push_back(letter);
    }
    if (!is_taken || letter.job.empty()) {
      left.push_back(std::move(letter));
    }
  }
  letters = std::move(left);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const Letter& letter : taken) {
    Item* const item = find(letter.job, letter.key, letter.remaining);
    if (letter.job.empty() || item == nullptr || item->state != "failed") {
      continue;
    }
    Job& job = jobs[letter.job];
    item->state = "open";
    job.levels[item->depth].failed -= 1;
    job.state = "running";
    job.completed = 0;
    job.touched = asked.number("now");
    write_item(json, *item);
  }
  json.end_array().key("unread").begin_array();
  for (const Letter& letter : taken) {
    if (letter.job.empty()) {
      json.begin_object().key("id").value(letter.number).key("body").value(letter.body).end_object();
    }
  }
  json.end_array().key("left").value(letters.size()).end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::resent(const config::JsonText& asked) {
  for (const config::JsonText& id : asked.items("ids")) {
    std::erase_if(letters, [&](const Letter& letter) {
      return letter.job.empty() && letter.number == id.as_number().value_or(0);
    });
  }
  JsonWriter json;
  return answered(json.begin_object().key("left").value(letters.size()).end_object());
}

ObjectReply SimulatedJobs::quiet(const config::JsonText& asked) {
  const std::uint64_t now = asked.number("now");
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  std::set<std::string> woken;
  std::uint64_t given = 0;
  for (const Item& item : items) {
    const Job* const job = active(item.job);
    const bool is_quiet = job != nullptr && job->touched + asked.number("quietMillis") <= now;
    if (item.state == "open" && is_quiet && given < asked.number("limit")) {
      ++given;
      woken.insert(item.job);
      write_item(json, item);
    }
  }
  for (const std::string& id : woken) {
    jobs[id].touched = now;
  }
  json.end_array().end_object();
  return answered(json);
}

ObjectReply SimulatedJobs::prune(const config::JsonText& asked) {
  const std::uint64_t before = asked.number("before");
  std::uint64_t removed = 0;
  for (auto at = jobs.begin(); at != jobs.end();) {
    if (!at->second.is_active() && at->second.completed < before) {
      forget(at->first);
      at = jobs.erase(at);
      ++removed;
    } else {
      ++at;
    }
  }
  std::erase_if(letters, [&](const Letter& letter) { return letter.job.empty() && letter.at < before; });
  JsonWriter json;
  return answered(json.begin_object().key("removed").value(removed).end_object());
}

void SimulatedJobs::forget(const std::string& job) {
  std::erase_if(items, [&](const Item& item) { return item.job == job; });
  std::erase_if(letters, [&](const Letter& letter) { return letter.job == job; });
}

std::uint64_t SimulatedJobs::pending() const {
  std::uint64_t open = 0;
  for (const auto& [id, job] : jobs) {
    open += job.is_active() ? job.sum().open() : 0;
  }
  return open;
}

void SimulatedJobs::write_job(JsonWriter& json, const Job& job) const {
  json.begin_object().key("number").value(job.number).key("id").value(job.id).key("state").value(job.state);
  json.key("beyond").value(job.beyond).key("created").value(job.created);
  write_millis(json, "started", job.started);
  write_millis(json, "completed", job.completed);
  json.key("options").raw(job.options).key("levels").begin_array();
  for (const auto& [depth, level] : job.levels) {
    json.begin_object().key("depth").value(depth).key("queued").value(level.queued);
    json.key("processed").value(level.processed).key("failed").value(level.failed);
    json.key("skipped").value(level.skipped).key("works").value(level.works).end_object();
  }
  json.end_array().end_object();
}

void SimulatedJobs::write_item(JsonWriter& json, const Item& item) const {
  json.begin_object().key("job").value(item.job).key("key").value(item.key).key("name").value(item.name);
  json.key("depth").value(item.depth).key("maxDepth").value(item.depth + item.remaining);
  json.key("source").value(item.source).key("options").raw(jobs.at(item.job).options).end_object();
}

void SimulatedJobs::write_totals(JsonWriter& json) const {
  json.key("totals").begin_object().key("authors").value(authors_).key("works").value(works_);
  write_millis(json, "started", started_);
  write_millis(json, "completed", completed_);
  json.end_object();
}

SimulatedJobs& add_jobs_object(World& world) {
  auto jobs = std::make_shared<SimulatedJobs>();
  world.objects["WARMING_JOBS"] = jobs;
  return *jobs;
}

}  // namespace larder::sim
