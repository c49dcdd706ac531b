// Jobs end with exact counts, whatever happens on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "entry/header.h"
#include "json/json_text.h"
#include "records/control_log.h"
#include "warm/deployment.h"
#include "warm/message.h"
#include "warm/times.h"

namespace larder::warm::warming_test {
namespace {

std::vector<std::string> first_of(const sim::Library& library, std::size_t count) {
  return {library.authors.begin(), library.authors.begin() + static_cast<std::ptrdiff_t>(count)};
}

json::JsonText parsed(const std::string& body) {
  auto json = json::JsonText::parse(body);
  EXPECT_TRUE(json.has_value()) << body;
  return *json;
}

// Every work of every author who was reached answers with a hit, and the origin is not asked for any of them.
void expect_warm(Deployment& deployment, const std::set<std::string>& authors) {
  const std::size_t asked = deployment.world.origin_requests.size();
  sim::Isolate reader(deployment.world, {{"ENABLE_SWR", "false"}});
  for (const std::string& author : authors) {
    for (const sim::LibraryWork& work : deployment.library.works_of(author)) {
      for (const std::string& url :
           {concat({"https://larder.test/search/title?q=", percent_encode(work.title)}),
            concat({"https://larder.test/search/isbn?isbn=", work.isbn})}) {
        const auto& exchange = reader.get(url);
        EXPECT_EQ(exchange.status, 200U) << url;
        EXPECT_TRUE(contains(exchange.header("cache-status"), "larder; hit;")) << url;
        // Authors of one title who are warmed at the same moment may miss each other: its first read
        // completes it.
        const bool is_whole = contains(url, "isbn=") || !contains(work.title, "Shared");
        EXPECT_TRUE(!is_whole || contains(exchange.body, concat({"\"", work.key.substr(7), "\""}))) << url;
      }
    }
  }
  EXPECT_EQ(deployment.world.origin_requests.size(), asked);
}

void expect_complete(Deployment& deployment, const std::set<std::string>& authors) {
  const sim::JobsView::Job job = deployment.only_job();
  const sim::JobsView::Level sum = job.sum();
  EXPECT_EQ(job.state_text(), "complete");
  EXPECT_EQ(sum.open(), 0U);
  EXPECT_EQ(sum.failed, 0U);
  // An author who is met with more levels left than before is an item more, and no second one otherwise.
  EXPECT_GE(sum.queued, authors.size());
  EXPECT_EQ(sum.processed + sum.skipped, sum.queued);
  EXPECT_TRUE(deployment.jobs.items().empty()) << "a list is not kept beyond its job";
}

// The latest job's sums.
sim::JobsView::Level latest_sum(Deployment& deployment) { return deployment.jobs.jobs().back().sum(); }

TEST(Warming, OneUploadMakesAWholeLibraryWarm) {
  Deployment deployment(1, 60, Weather());
  const auto roots = first_of(deployment.library, 20);
  const auto& answer = deployment.upload(roots, "1");
  ASSERT_EQ(answer.status, 202U) << answer.body;
  const json::JsonText json = parsed(answer.body);
  EXPECT_EQ(json.number("authorsQueued"), 20U);
  EXPECT_EQ(json.number("estimatedWorks"), 300U);
  EXPECT_EQ(json.text("estimatedDuration"), "PT1S");
  EXPECT_EQ(answer.header("location"), "/api/warming/jobs/" + json.text("jobId"));
  deployment.drain();
  expect_complete(deployment, {roots.begin(), roots.end()});
  std::size_t works = 0;
  for (const std::string& author : roots) {
    works += deployment.library.works_of(author).size();
  }
  const auto sum = deployment.only_job().sum();
  EXPECT_EQ(sum.queued, 20U);
  EXPECT_EQ(sum.processed, 20U);
  EXPECT_EQ(sum.works, works);
  EXPECT_EQ(deployment.world.origin_requests.size(), 20U) << "one request an author";
  expect_warm(deployment, {roots.begin(), roots.end()});
  EXPECT_EQ(deployment.world.kv.count("larder:warming:stats"), 1U);
  EXPECT_EQ(deployment.world.kv.count("larder:warming:queue:pending"), 1U);
}

// KV is billed by the key: one read of the marks of three authors counts as three.
TEST(Warming, KeysThatAreReadTogetherAreBilledOneByOne) {
  Deployment deployment(1, 1, Weather());
  // Nobody whom the library knows: no works of theirs are looked up.
  ASSERT_EQ(deployment.upload({"Nobody One", "Nobody Two", "Nobody Three"}, "1").status, 202U);
  auto& queue = deployment.world.queues["AUTHOR_WARMING_QUEUE"];
  std::vector<sim::Isolate::Sent> messages;
  for (const auto& [due, body] : queue) {
    messages.emplace_back(concat({"m", std::to_string(messages.size())}), 1U, body);
  }
  ASSERT_EQ(messages.size(), 3U);
  queue.clear();
  std::uint64_t single = 0;
  std::uint64_t together = 0;
  deployment.world.fault = [&](host::OperationKind kind) {
    single += kind == host::OperationKind::kv_get ? 1U : 0U;
    together += kind == host::OperationKind::kv_get_many ? 1U : 0U;
    return std::optional<sim::Fault>();
  };
  // This batch is none of the deployment's own deliveries.
  deployment.world.settled = nullptr;
  const std::string secret = "0123456789abcdef0123456789abcdef";
  sim::Isolate measured(deployment.world, {{"ADMIN_JWT_SECRET", secret}, {"LEDGER_SHARDS", "1"}});
  measured.batch("author-warming-queue", messages);
  deployment.world.run();
  ASSERT_EQ(together, 1U);
  const auto& answer =
      measured.run("GET", "https://larder.test/api/costs", {{"authorization", "Bearer ann"}});
  std::uint64_t billed = 0;
  for (const json::JsonText& one : parsed(answer.body).items("items")) {
    billed = one.text("item") == "kv_reads" ? one.number("counted") : billed;
  }
  EXPECT_EQ(billed, single + 3);
}

TEST(Warming, FindsCoAuthorsAsDeepAsIsAskedFor) {
  Deployment deployment(2, 80, Weather());
  const auto roots = first_of(deployment.library, 5);
  // A one-off of an eager upload goes two levels deep.
  ASSERT_EQ(deployment.upload(roots, "2").status, 202U);
  deployment.drain();
  const auto reached = deployment.library.reached(roots, 2);
  EXPECT_GT(reached.size(), roots.size());
  expect_complete(deployment, reached);
  EXPECT_EQ(deployment.only_job().sum().processed, reached.size());
  EXPECT_EQ(deployment.world.origin_requests.size(), reached.size());
  expect_warm(deployment, reached);
}

const TextPairs with_subjects = {{"subjects", "true"}};

// Subjects of the authors who had levels left to walk: each of them is asked for once.
std::set<std::string> genres_of(const sim::Library& library, const std::set<std::string>& authors) {
  std::set<std::string> genres;
  for (const std::string& author : authors) {
    genres.insert(library.genre_of(author));
  }
  genres.erase("");
  return genres;
}

TEST(Warming, FindsWhoIsKnownForTheSameSubject) {
  Deployment deployment(20, 80, Weather());
  const auto roots = first_of(deployment.library, 7);
  const auto& answer = deployment.upload(roots, "2", with_subjects);
  ASSERT_EQ(answer.status, 202U) << answer.body;
  // An author and a subject for each of seven, at twenty requests a second.
  EXPECT_EQ(parsed(answer.body).text("estimatedDuration"), "PT1S");
  EXPECT_TRUE(parsed(answer.body).find("job")->flag("subjects"));
  deployment.drain();
  const auto reached = deployment.library.reached_by_subject(roots, 2);
  EXPECT_GT(reached.size(), deployment.library.reached(roots, 2).size() + 10);
  expect_complete(deployment, reached);
  const auto sum = deployment.only_job().sum();
  EXPECT_EQ(sum.processed, reached.size());
  const auto genres = genres_of(deployment.library, {roots.begin(), roots.end()});
  EXPECT_EQ(genres.size(), 6U);
  EXPECT_EQ(deployment.subjects_asked(), genres.size()) << "once each, and for nobody without levels left";
  EXPECT_EQ(deployment.world.origin_requests.size(), reached.size() + genres.size());
  expect_warm(deployment, reached);
}

TEST(Warming, ASubjectThatManyShareIsAskedForOnce) {
  Deployment deployment(21, 70, Weather());
  std::vector<std::string> roots;
  for (std::size_t i = 0; i < deployment.library.authors.size(); ++i) {
    if (deployment.library.genre_of(deployment.library.authors[i]) == "fantasy") {
      roots.push_back(deployment.library.authors[i]);
    }
  }
  ASSERT_GT(roots.size(), 8U);
  ASSERT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
  deployment.drain();
  expect_complete(deployment, deployment.library.reached_by_subject(roots, 2));
  EXPECT_EQ(deployment.subjects_asked(), 1U);
}

TEST(Warming, SubjectsLeadAsDeepAsCoAuthorsDo) {
  Deployment deployment(22, 120, Weather());
  const auto roots = first_of(deployment.library, 2);
  // Favourites: rated with five.
  ASSERT_EQ(deployment.upload({roots[0] + ",5", roots[1] + ",5"}, "3", with_subjects).status, 202U);
  deployment.drain();
  const auto reached = deployment.library.reached_by_subject(roots, 3);
  EXPECT_GT(reached.size(), deployment.library.reached_by_subject(roots, 2).size());
  expect_complete(deployment, reached);
  const records::JobLevels levels = deployment.only_job().levels;
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels.at(0).queued, 2U);
  EXPECT_EQ(levels.at(1).queued, deployment.library.reached_by_subject(roots, 2).size() - 2);
  expect_warm(deployment, reached);
}

TEST(Warming, WithoutLevelsLeftNoSubjectIsAskedFor) {
  Deployment deployment(23, 30, Weather());
  const auto roots = first_of(deployment.library, 6);
  ASSERT_EQ(deployment.upload(roots, "1", with_subjects).status, 202U);
  deployment.drain();
  expect_complete(deployment, {roots.begin(), roots.end()});
  EXPECT_EQ(deployment.subjects_asked(), 0U);
}

TEST(Warming, WhoWasWarmedWithoutSubjectsIsWalkedAgainForThem) {
  Deployment deployment(24, 60, Weather());
  const auto roots = first_of(deployment.library, 5);
  deployment.upload(roots, "2");
  deployment.drain();
  EXPECT_EQ(deployment.subjects_asked(), 0U);
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
    deployment.drain();
    EXPECT_EQ(deployment.subjects_asked(),
              genres_of(deployment.library, {roots.begin(), roots.end()}).size());
  }
  std::vector<std::uint64_t> queued;
  std::map<std::uint64_t, std::uint64_t> by_number;
  for (const auto& job : deployment.jobs.jobs()) {
    EXPECT_EQ(job.state_text(), "complete");
    by_number[job.number] = job.sum().queued;
  }
  for (const auto& [number, count] : by_number) {
    queued.push_back(count);
  }
  const std::size_t by_subject = deployment.library.reached_by_subject(roots, 2).size();
  EXPECT_THAT(queued,
              ::testing::ElementsAre(deployment.library.reached(roots, 2).size(), by_subject, by_subject));
  EXPECT_EQ(latest_sum(deployment).skipped, by_subject) << "the third time all is there";
}

// Uploads with subjects, every search for which is answered by this status: all else is done. How long it
// took.
Millis warm_without_subjects(Deployment& deployment, const std::vector<std::string>& roots,
                             std::uint32_t status) {
  deployment.weather.subject_status = status;
  EXPECT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
  const Instant began = deployment.world.now;
  deployment.drain();
  const auto reached = deployment.library.reached(roots, 2);
  expect_complete(deployment, reached);
  EXPECT_EQ(deployment.only_job().sum().processed, reached.size());
  return deployment.world.now - began;
}

// Readers' hits are readers' alone, in the counters and in what stays in memory by them.
TEST(Warming, WhatItPutsIsNoLookUpOfMemory) {
  Deployment deployment(31, 20, Weather(), {{"ENVIRONMENT", "development"}});
  const auto roots = first_of(deployment.library, 1);
  const sim::LibraryWork work = deployment.library.works_of(roots[0]).front();
  const std::string url = concat({"/search/isbn?isbn=", work.isbn});
  const auto memory_hits = [&] {
    const json::JsonText status = parsed(deployment.call("GET", "/internal/cache").body);
    std::uint64_t sum = 0;
    for (const json::JsonText& series : status.find("counters")->items("cache_hits_total")) {
      sum += series.text("impl") == "memory" ? series.number("value") : 0;
    }
    const auto memory = status.items("implementations").front().find("statistics")->find("memory");
    return std::pair(sum, memory->number("hits"));
  };
  deployment.call("GET", url);
  deployment.call("GET", url);
  ASSERT_EQ(memory_hits(), std::pair(std::uint64_t{1}, std::uint64_t{1}));
  // Not in KV: warming puts it again, and what memory has is replaced.
  deployment.world.kv.clear();
  ASSERT_EQ(deployment.upload(roots, "1").status, 202U);
  deployment.drain();
  expect_complete(deployment, {roots.begin(), roots.end()});
  EXPECT_EQ(memory_hits(), std::pair(std::uint64_t{1}, std::uint64_t{1}));
}

TEST(Warming, ASubjectThatIsRefusedForGoodIsLeftOutAndCounted) {
  Deployment deployment(25, 60, Weather(), {{"ENVIRONMENT", "development"}});
  const auto roots = first_of(deployment.library, 6);
  EXPECT_LT(warm_without_subjects(deployment, roots, 403), Millis(60'000))
      << "nobody waits for what will not come";
  EXPECT_EQ(deployment.subjects_counted("skipped", "rejected"), 6U);
  // The next upload finds them.
  deployment.calm();
  ASSERT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
  deployment.drain();
  EXPECT_EQ(deployment.subjects_counted("found"), 6U);
  expect_warm(deployment, deployment.library.reached_by_subject(roots, 2));
}

TEST(Warming, ASubjectSearchThatIsDownForAWhileIsWaitedFor) {
  Deployment deployment(26, 60, Weather());
  deployment.weather.subject_status = 503;
  const auto roots = first_of(deployment.library, 6);
  ASSERT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
  deployment.world.after(Millis(600'000), [&] { deployment.calm(); });
  deployment.drain();
  const auto reached = deployment.library.reached_by_subject(roots, 2);
  expect_complete(deployment, reached);
  EXPECT_EQ(deployment.only_job().sum().processed, reached.size());
  expect_warm(deployment, reached);
}

TEST(Warming, ASubjectSearchThatStaysDownFailsNobody) {
  Deployment deployment(27, 60, Weather(), {{"ENVIRONMENT", "development"}});
  const auto roots = first_of(deployment.library, 6);
  const auto reached = deployment.library.reached(roots, 2);
  const Millis taken = warm_without_subjects(deployment, roots, 503);
  EXPECT_TRUE(deployment.jobs.letters().empty());
  EXPECT_GE(taken, Millis(3'600'000));
  EXPECT_LT(taken, Millis(5'400'000));
  EXPECT_EQ(deployment.subjects_counted("skipped", "unavailable"), 6U);
  // The authors' own work was done once each.
  EXPECT_EQ(deployment.world.origin_requests.size() - deployment.subjects_asked(), reached.size());
  expect_warm(deployment, reached);
}

TEST(Warming, SubjectsNeedAResourceThatLooksThemUp) {
  std::string declarations = sim::book_declarations();
  const std::size_t at = declarations.find(R"("query": "subject")");
  ASSERT_NE(at, std::string::npos);
  declarations.replace(at, 18, R"("query": "title")");
  Deployment deployment(28, 10, Weather(), {}, declarations);
  const auto& answer = deployment.upload(first_of(deployment.library, 3), "2", with_subjects);
  EXPECT_EQ(answer.status, 400U);
  EXPECT_TRUE(
      contains(answer.body, "subjects: larder.json declares no resource that looks books up by subject"))
      << answer.body;
  EXPECT_TRUE(deployment.jobs.jobs().empty());
  EXPECT_EQ(deployment.upload(first_of(deployment.library, 3), "2", {{"subjects", "false"}}).status, 202U);
}

TEST(Warming, SubjectsNeedACacheThatKeepsThem) {
  Deployment deployment(29, 10, Weather(), {{"CACHE_PATTERN_WHITELIST", "title,isbn,author"}});
  EXPECT_EQ(deployment.upload(first_of(deployment.library, 3), "2", with_subjects).status, 503U);
  EXPECT_EQ(deployment.upload(first_of(deployment.library, 3), "2").status, 202U);
}

TEST(Warming, AMessageOfADeploymentWithoutTheSubjectResourceIsDoneWithout) {
  std::string declarations = sim::book_declarations();
  const std::size_t at = declarations.find(R"("query": "subject")");
  ASSERT_NE(at, std::string::npos);
  declarations.replace(at, 18, R"("query": "title")");
  Deployment deployment(30, 40, Weather(), {{"ENVIRONMENT", "development"}});
  const auto roots = first_of(deployment.library, 3);
  ASSERT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
  deployment.deploy(declarations);
  deployment.drain();
  expect_complete(deployment, deployment.library.reached(roots, 2));
  EXPECT_EQ(deployment.subjects_counted("skipped", "undeclared"), 3U);
}

TEST(Warming, TheSameFileIsOneJobWhileItIsAtWork) {
  Deployment deployment(3, 20, Weather());
  const auto roots = first_of(deployment.library, 10);
  const json::JsonText first = parsed(deployment.upload(roots, "1").body);
  const auto& again = deployment.upload(roots, "1");
  EXPECT_EQ(again.status, 200U);
  const json::JsonText second = parsed(again.body);
  EXPECT_EQ(second.text("jobId"), first.text("jobId"));
  EXPECT_EQ(second.number("authorsQueued"), 0U);
  deployment.drain();
  EXPECT_EQ(deployment.jobs.jobs().size(), 1U);
  EXPECT_EQ(deployment.world.origin_requests.size(), 10U);
}

TEST(Warming, WhatIsWarmIsSkipped) {
  Deployment deployment(4, 20, Weather());
  const auto roots = first_of(deployment.library, 10);
  deployment.upload(roots, "1");
  deployment.drain();
  const std::size_t asked = deployment.world.origin_requests.size();
  deployment.upload(roots, "1");
  deployment.drain();
  EXPECT_EQ(deployment.world.origin_requests.size(), asked);
  ASSERT_EQ(deployment.jobs.jobs().size(), 2U);
  std::uint64_t skipped = 0;
  for (const auto& job : deployment.jobs.jobs()) {
    EXPECT_EQ(job.state_text(), "complete");
    skipped += job.sum().skipped;
  }
  EXPECT_EQ(skipped, 10U);
}

TEST(Warming, WhatWasPurgedIsWarmedAgain) {
  Deployment deployment(5, 20, Weather());
  const auto roots = first_of(deployment.library, 10);
  deployment.upload(roots, "1");
  deployment.drain();
  sim::append_control(deployment.world, records::control_changes(std::vector{config::Purge(
                                            config::PurgeKind::all, "", config::PurgeMode::hard)}));
  deployment.world.after(Millis(20'000), [] {});
  deployment.world.run();
  deployment.upload(roots, "1");
  deployment.drain();
  std::uint64_t processed = 0;
  for (const auto& job : deployment.jobs.jobs()) {
    processed += job.sum().processed;
  }
  EXPECT_EQ(processed, 20U);
  expect_warm(deployment, {roots.begin(), roots.end()});
}

TEST(Warming, AboveThePendingLimitNothingIsQueued) {
  Deployment deployment(6, 40, Weather(), {{"WARMING_PENDING_MAX", "25"}});
  ASSERT_EQ(deployment.upload(first_of(deployment.library, 20), "1").status, 202U);
  const auto& full = deployment.upload(first_of(deployment.library, 10), "1");
  EXPECT_EQ(full.status, 429U);
  EXPECT_EQ(full.header("retry-after"), "30");
  EXPECT_EQ(deployment.jobs.jobs().size(), 1U);
  deployment.drain();
  EXPECT_EQ(deployment.world.origin_requests.size(), 20U);
  EXPECT_EQ(deployment.upload(first_of(deployment.library, 10), "1").status, 202U);
}

TEST(Warming, AnUnknownAuthorHasNoWorks) {
  Deployment deployment(7, 10, Weather());
  deployment.upload({"Nobody Inparticular", deployment.library.authors.front()}, "2");
  deployment.drain();
  const auto sum = deployment.only_job().sum();
  EXPECT_EQ(deployment.only_job().state_text(), "complete");
  EXPECT_EQ(sum.failed, 0U);
  EXPECT_EQ(deployment.only_job().level(1).processed, 2U);
}

TEST(Warming, ACancelledJobStopsAndAnEndedOneIsRemoved) {
  Deployment deployment(8, 30, Weather());
  const json::JsonText json = parsed(deployment.upload(first_of(deployment.library, 20), "1").body);
  const std::string path = "/api/warming/jobs/" + json.text("jobId");
  EXPECT_EQ(deployment.call("DELETE", path).status, 200U);
  deployment.drain();
  EXPECT_EQ(deployment.world.origin_requests.size(), 0U);
  EXPECT_EQ(parsed(deployment.call("GET", path).body).text("state"), "cancelled");
  EXPECT_TRUE(deployment.jobs.items().empty());
  EXPECT_EQ(deployment.call("DELETE", path).status, 200U);
  EXPECT_EQ(deployment.call("GET", path).status, 404U);
}

TEST(Warming, WhatACancelledJobLeftIsMadeGoodByTheNext) {
  Deployment deployment(30, 80, Weather());
  const auto roots = first_of(deployment.library, 5);
  const json::JsonText json = parsed(deployment.upload(roots, "2").body);
  while (deployment.only_job().sum().processed < roots.size()) {
    deployment.drain_some(1);
  }
  ASSERT_GT(deployment.only_job().sum().open(), 0U) << "co-authors wait";
  EXPECT_EQ(deployment.call("DELETE", "/api/warming/jobs/" + json.text("jobId")).status, 200U);
  deployment.drain();
  ASSERT_EQ(deployment.upload(roots, "2").status, 202U);
  deployment.drain();
  const auto reached = deployment.library.reached(roots, 2);
  const auto sum = latest_sum(deployment);
  EXPECT_EQ(sum.queued, reached.size());
  EXPECT_GE(sum.skipped, roots.size());
  EXPECT_EQ(sum.skipped + sum.processed, reached.size());
  EXPECT_EQ(deployment.world.origin_requests.size(), reached.size()) << "each once over both jobs";
  expect_warm(deployment, reached);
}

TEST(Warming, WhatIsWarmIsSkippedOnAllLevelsAlsoWhereItIsPacked) {
  for (const std::string threshold : {"65536", "1"}) {
    Deployment deployment(31, 80, Weather(), {{"CACHE_COMPRESS_THRESHOLD", threshold}});
    const auto roots = first_of(deployment.library, 5);
    ASSERT_EQ(deployment.upload(roots, "2").status, 202U);
    deployment.drain();
    const auto reached = deployment.library.reached(roots, 2);
    EXPECT_EQ(deployment.world.origin_requests.size(), reached.size());
    ASSERT_EQ(deployment.upload(roots, "2").status, 202U);
    deployment.drain();
    EXPECT_EQ(latest_sum(deployment).skipped, reached.size()) << threshold;
    EXPECT_EQ(latest_sum(deployment).queued, reached.size()) << threshold;
    EXPECT_EQ(deployment.world.origin_requests.size(), reached.size());
  }
}

TEST(Warming, AnOriginThatIsDownForThirtySecondsLosesNothing) {
  Deployment deployment(9, 60, Weather());
  deployment.weather.down_from = deployment.world.now + Millis(1000);
  deployment.weather.down_until = deployment.world.now + Millis(31'000);
  const auto roots = first_of(deployment.library, 40);
  deployment.upload(roots, "2");
  deployment.drain();
  const auto reached = deployment.library.reached(roots, 2);
  expect_complete(deployment, reached);
  EXPECT_TRUE(deployment.jobs.letters().empty());
  expect_warm(deployment, reached);
}

TEST(Warming, WaitsWhileTheCacheIsSwitchedOff) {
  Deployment deployment(43, 60, Weather());
  const auto roots = first_of(deployment.library, 20);
  deployment.upload(roots, "1");
  ASSERT_EQ(deployment.call("PUT", "/api/settings", R"({"FEATURE_CACHE": false})").status, 200U);
  deployment.drain_some(40);
  EXPECT_EQ(deployment.world.origin_requests.size(), 0U);
  EXPECT_TRUE(deployment.jobs.letters().empty());
  ASSERT_EQ(deployment.call("PUT", "/api/settings", R"({"FEATURE_CACHE": null})").status, 200U);
  deployment.drain();
  const auto reached = deployment.library.reached(roots, 1);
  expect_complete(deployment, reached);
  expect_warm(deployment, reached);
}

TEST(Warming, WhatCannotSucceedIsALetterOnceAndReplayFinishesIt) {
  Deployment deployment(10, 20, Weather());
  deployment.weather.down_from = deployment.world.now;
  const auto roots = first_of(deployment.library, 10);
  deployment.upload(roots, "1");
  deployment.drain();
  EXPECT_EQ(deployment.only_job().state_text(), "failed");
  EXPECT_EQ(deployment.only_job().sum().failed, 10U);
  const json::JsonText letters = parsed(deployment.call("GET", "/api/warming/dlq").body);
  EXPECT_EQ(letters.number("depth"), 10U);
  ASSERT_EQ(letters.items("letters").size(), 10U);
  EXPECT_EQ(letters.items("letters").front().text("reason"), "unavailable");
  deployment.calm();
  EXPECT_EQ(parsed(deployment.call("POST", "/api/warming/dlq/replay").body).number("replayed"), 10U);
  deployment.drain();
  expect_complete(deployment, {roots.begin(), roots.end()});
  EXPECT_TRUE(deployment.jobs.letters().empty());
  expect_warm(deployment, {roots.begin(), roots.end()});
}

TEST(Warming, AMessageOfNoKnownKindBecomesALetter) {
  Deployment deployment(11, 5, Weather());
  deployment.world.queues["AUTHOR_WARMING_QUEUE"].emplace_back(deployment.world.now, R"({"kind":"other"})");
  deployment.drain();
  ASSERT_EQ(deployment.jobs.letters().size(), 1U);
  EXPECT_EQ(deployment.jobs.letters().front().reason, "unknown");
  EXPECT_EQ(deployment.platform_letters, 1U);
}

TEST(Warming, WhatNobodyCouldReadIsALetterUntilItIsInTheQueueAgain) {
  Deployment deployment(17, 5, Weather());
  auto& queue = deployment.world.queues["AUTHOR_WARMING_QUEUE"];
  queue.emplace_back(deployment.world.now, R"({"kind":"other"})");
  deployment.drain();
  ASSERT_EQ(deployment.jobs.letters().size(), 1U);
  const auto faults = deployment.world.fault;
  deployment.world.fault = [](host::OperationKind kind) -> std::optional<sim::Fault> {
    sim::Fault fault;
    fault.status = kind == host::OperationKind::queue_send ? 2 : host::status_ok;
    return fault;
  };
  EXPECT_EQ(deployment.call("POST", "/api/warming/dlq/replay").status, 503U);
  EXPECT_EQ(deployment.jobs.letters().size(), 1U);
  EXPECT_TRUE(queue.empty());
  deployment.world.fault = faults;
  const json::JsonText replayed = parsed(deployment.call("POST", "/api/warming/dlq/replay").body);
  EXPECT_EQ(replayed.number("replayed"), 1U);
  EXPECT_EQ(replayed.number("left"), 0U);
  EXPECT_TRUE(deployment.jobs.letters().empty());
  EXPECT_EQ(queue.size(), 1U);
}

TEST(Warming, AQuietJobIsSentAgain) {
  Deployment deployment(12, 20, Weather());
  const auto roots = first_of(deployment.library, 10);
  deployment.upload(roots, "1");
  // The queue lost everything.
  deployment.world.queues.clear();
  deployment.drain();
  EXPECT_EQ(deployment.only_job().sum().processed, 0U);
  deployment.world.after(Millis(660'000), [] {});
  deployment.world.run();
  sim::Isolate tender(deployment.world);
  RecordWriter record;
  record.text("*/5 * * * *");
  record.u64(0);
  tender.app->scheduled(host::RequestId{1000}, record.bytes());
  deployment.world.run();
  deployment.drain();
  expect_complete(deployment, {roots.begin(), roots.end()});
}

TEST(Warming, AnEntryListIsWalkedAtItsOwnPace) {
  Deployment deployment(13, 20, Weather());
  std::string items;
  for (std::size_t i = 0; i < 8; ++i) {
    items += concat({items.empty() ? "" : ",", R"({"isbn":")", deployment.library.works[i].isbn, R"("})"});
  }
  const Instant began = deployment.world.now;
  const auto& answer = deployment.call("POST", "/api/warming/prewarm",
                                       concat({R"({"resource":"isbn","concurrency":2,"qps":2,"items":[)",
                                               items, R"(,{"isbn":"9780552137034"}]})"}));
  ASSERT_EQ(answer.status, 202U) << answer.body;
  deployment.drain();
  const auto sum = deployment.only_job().sum();
  EXPECT_EQ(deployment.only_job().state_text(), "complete");
  EXPECT_EQ(sum.processed, 9U);
  EXPECT_EQ(deployment.world.origin_requests.size(), 9U);
  EXPECT_GE(deployment.world.now - began, Millis(4000));
  deployment.call("POST", "/api/warming/prewarm", concat({R"({"resource":"isbn","items":[)", items, "]}"}));
  deployment.drain();
  EXPECT_EQ(deployment.world.origin_requests.size(), 9U);
}

TEST(Warming, AnEntryOfSeveralAuthorsIsAsOldAsTheOldestOfThem) {
  Deployment deployment(15, 10, Weather());
  auto& works = deployment.library.works;
  works.resize(2);
  for (std::size_t i = 0; i < works.size(); ++i) {
    works[i].title = "Same Title";
    works[i].authors = {deployment.library.authors[i]};
  }
  const auto kept = [&] {
    const auto found = deployment.world.kv.lower_bound("larder:title:");
    EXPECT_TRUE(found->first.ends_with(":same%20title")) << found->first;
    return found->second;
  };
  deployment.upload({deployment.library.authors[0]}, "1");
  deployment.drain();
  const auto first = entry::decode(kept().header);
  deployment.world.after(Millis(60'000), [] {});
  deployment.world.run();
  deployment.upload({deployment.library.authors[1]}, "1");
  deployment.drain();
  const auto both = entry::decode(kept().header);
  ASSERT_TRUE(first.has_value() && both.has_value());
  EXPECT_TRUE(both->partial);
  EXPECT_EQ(both->created, first->created);
  EXPECT_EQ(both->asked, first->asked);
  for (const sim::LibraryWork& work : works) {
    EXPECT_TRUE(contains(kept().content, work.isbn)) << kept().content;
  }
}

TEST(Warming, AnAuthorWhoIsFreshSomewhereIsNotAskedForAgain) {
  Deployment deployment(16, 10, Weather());
  const std::string author = deployment.library.authors.front();
  const std::string path = "/search/author?q=" + percent_encode(author);
  deployment.call("GET", path);
  deployment.world.after(Millis(86'500'000), [] {});
  deployment.world.run();
  // Refreshes it behind its answer, and so in KV; the consumer's isolate and data centre have the old copy.
  sim::Isolate elsewhere(deployment.world, {}, sim::book_declarations(), "two");
  elsewhere.get("https://larder.test" + path);
  ASSERT_EQ(deployment.world.origin_requests.size(), 2U);
  deployment.upload({author}, "1");
  deployment.drain();
  EXPECT_EQ(deployment.only_job().sum().processed, 1U);
  EXPECT_EQ(deployment.world.origin_requests.size(), 2U);
}

TEST(Warming, RefusesWhatMakesNoSense) {
  Deployment deployment(14, 5, Weather());
  const auto refused = [&](std::string body) {
    const auto& exchange = deployment.call("POST", "/api/warming/upload", std::move(body));
    return concat({std::to_string(exchange.status), " ", exchange.body});
  };
  EXPECT_TRUE(contains(refused(R"({"csv":"%%%"})"), "csv: this is no base64"));
  EXPECT_TRUE(refused(R"({"csv":""})").starts_with("400 "));
  EXPECT_TRUE(refused(R"({})").starts_with("400 "));
  EXPECT_TRUE(refused("[]").starts_with("400 "));
  EXPECT_TRUE(contains(refused(R"({"csv":"YQ==","maxDepth":0})"),
                       "maxDepth: This must be a whole number from 1 to 3."));
  EXPECT_TRUE(contains(refused(R"({"csv":"YQ==","maxDepth":9})"),
                       "maxDepth: This must be a whole number from 1 to 3."));
  EXPECT_TRUE(contains(refused(R"({"csv":"YQ==","priority":"urgent"})"), "priority: This must be"));
  // "Title,Author\n": a header and nothing else.
  EXPECT_TRUE(refused(R"({"csv":"VGl0bGUsQXV0aG9yCg=="})").starts_with("400 "));
  EXPECT_TRUE(deployment.jobs.jobs().empty());
}

class WarmingWeather : public ::testing::TestWithParam<std::tuple<std::size_t, std::uint64_t>> {};

Weather weather_of(std::size_t kind) {
  Weather weather;
  switch (kind) {
    case 0:
      weather.twice = 100;
      break;
    case 1:
      weather.lost = 40;
      break;
    case 2:
      weather.faults = 5;
      break;
    case 3:
      weather.busy = 30;
      break;
    default:
      weather.twice = 30;
      weather.lost = 20;
      weather.faults = 2;
      weather.busy = 10;
      break;
  }
  return weather;
}

// Whatever of it the weather turned into letters is replayed in calm, until the job is complete.
void weather_a_job(Deployment& deployment, std::size_t kind) {
  deployment.weather = weather_of(kind);
  // All messages twice would go on for ever: each of the doubles has a double.
  for (int round = 0; round < 300 && deployment.only_job().is_active(); ++round) {
    deployment.drain_some(5);
  }
  deployment.calm();
  deployment.drain();
  for (int round = 0; round < 5 && !deployment.jobs.letters().empty(); ++round) {
    ASSERT_EQ(deployment.call("POST", "/api/warming/dlq/replay").status, 200U);
    deployment.drain();
  }
}

void expect_exact(Deployment& deployment, const std::set<std::string>& reached) {
  expect_complete(deployment, reached);
  std::size_t marked = 0;
  for (const auto& [key, stored] : deployment.world.kv) {
    marked += key.starts_with("larder:warming:processed:") ? 1 : 0;
  }
  EXPECT_EQ(marked, reached.size()) << "nobody is left out, and nobody is there who should not be";
  expect_warm(deployment, reached);
}

TEST_P(WarmingWeather, TheJobEndsWithExactCounts) {
  const auto [kind, seed] = GetParam();
  Deployment deployment(seed * 100 + kind, 40, Weather());
  const auto roots = first_of(deployment.library, 15);
  ASSERT_EQ(deployment.upload(roots, "2").status, 202U);
  weather_a_job(deployment, kind);
  expect_exact(deployment, deployment.library.reached(roots, 2));
}

TEST_P(WarmingWeather, TheJobEndsWithExactCountsWithSubjectsToo) {
  const auto [kind, seed] = GetParam();
  Deployment deployment(seed * 1000 + kind, 60, Weather());
  const auto roots = first_of(deployment.library, 9);
  ASSERT_EQ(deployment.upload(roots, "2", with_subjects).status, 202U);
  weather_a_job(deployment, kind);
  expect_exact(deployment, deployment.library.reached_by_subject(roots, 2));
}

INSTANTIATE_TEST_SUITE_P(Seeds, WarmingWeather,
                         ::testing::Combine(::testing::Range<std::size_t>(0, 5),
                                            ::testing::Range<std::uint64_t>(1, 9)));

TEST(Message, ComesBackAsItWent) {
  AuthorMessage author;
  author.job = "j";
  author.key = "ada abbot";
  author.name = "Ada \"Abbot\"";
  author.source = Source::discovery;
  author.priority = Priority::high;
  author.depth = 2;
  author.depth_max = 3;
  author.queued = instant_from_millis(1'790'000'000'000);
  author.tries = 4;
  author.entries_done = 99;
  author.by_subject = true;
  author.subject_trouble_since = instant_from_millis(1'790'000'001'000);
  const std::string json = to_json(author);
  const auto back = parse_message(json);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(to_json(back->author), json);
  EXPECT_EQ(back->author.remaining(), 1U);
}

TEST(Message, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", R"({"kind":"author"})", R"({"kind":"walk","jobId":"a"})",
        R"({"kind":"author","jobId":"a","key":"b","author":"c","depth":3,"maxDepth":2})",
        R"({"kind":"author","jobId":"a","key":"b","author":"c","depth":1,"maxDepth":99})"}) {
    EXPECT_FALSE(parse_message(text).has_value()) << text;
  }
}

TEST(Times, AreWrittenAsIntervals) {
  EXPECT_EQ(to_interval(Millis(0)), "PT0S");
  EXPECT_EQ(to_interval(Millis(1)), "PT1S");
  EXPECT_EQ(to_interval(Millis(60'000)), "PT1M");
  EXPECT_EQ(to_interval(Millis(3'723'000)), "PT1H2M3S");
  EXPECT_EQ(to_interval(Millis(-5)), "PT0S");
}

}  // namespace
}  // namespace larder::warm::warming_test
