#include "host/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "host/operations.h"
#include "support/world.h"

namespace larder::host::task_test {
namespace {

struct Fixture : ::testing::Test {
  Fixture() {
    host.complete = [this](RequestId request, OperationId operation, Completion completion) {
      return requests.complete(request, operation, std::move(completion));
    };
  }

  Context here(std::uint32_t id) { return requests.context(static_cast<RequestId>(id)); }
  bool start(std::uint32_t id, Task<void> root) {
    return requests.start(static_cast<RequestId>(id), std::move(root));
  }

  sim::World world;
  sim::SimulatedHost host{world};
  Requests requests{host};
};

using TaskTest = Fixture;

Task<std::uint64_t> one() { co_return 1; }

Task<void> sum_of_synchronous(std::uint64_t* sum) {
  for (int i = 0; i < 1'000'000; ++i) {
    *sum += co_await one();
  }
}

TEST_F(TaskTest, AMillionAwaitsThatDoNotSuspendRunInConstantStack) {
  std::uint64_t sum = 0;
  EXPECT_TRUE(start(1, sum_of_synchronous(&sum)));
  EXPECT_EQ(sum, 1'000'000U);
  EXPECT_EQ(requests.in_flight(), 0U);
}

Task<std::uint64_t> depth(std::uint64_t levels) {
  if (levels == 0) {
    co_return 0;
  }
  co_return 1 + co_await depth(levels - 1);
}

Task<void> run_depth(std::uint64_t* reached) { *reached = co_await depth(1000); }

TEST_F(TaskTest, NestedTasksReturnThroughAllTheirParents) {
  std::uint64_t reached = 0;
  EXPECT_TRUE(start(1, run_depth(&reached)));
  EXPECT_EQ(reached, 1000U);
}

Task<std::string> read(Context here, std::string key) {
  const auto found = co_await kv_get(here, key, 1000);
  if (!found) {
    co_return std::string(to_text(found.error().kind)) + ": " + found.error().message;
  }
  co_return found->found == 1 ? found->header : "miss";
}

Task<void> read_into(Context here, std::string key, std::string* out) { *out = co_await read(here, key); }

TEST_F(TaskTest, AnOperationSuspendsAndItsCompletionResumesTheChain) {
  world.kv["a"] = sim::Stored{"header-a", "content", Instant::max()};
  std::string out;
  EXPECT_FALSE(start(1, read_into(here(1), "a", &out)));
  EXPECT_EQ(requests.operations_open(), 1U);
  EXPECT_EQ(out, "");
  world.run();
  EXPECT_EQ(out, "header-a");
  EXPECT_TRUE(host.exchange(RequestId{1}).finished);
  EXPECT_EQ(requests.operations_open(), 0U);
  EXPECT_EQ(requests.in_flight(), 0U);
  EXPECT_EQ(host.bodies_alive(), 0U);
}

TEST_F(TaskTest, AFailedOperationIsAnErrorValue) {
  world.fault = [](OperationKind) {
    sim::Fault fault;
    fault.status = 2;
    return std::optional<sim::Fault>(fault);
  };
  std::string out;
  start(1, read_into(here(1), "a", &out));
  world.run();
  EXPECT_EQ(out, "unavailable: injected");
}

TEST_F(TaskTest, AnAbandonedRequestDropsItsFramesAndItsLateCompletion) {
  world.kv["a"] = sim::Stored{"header-a", "content", Instant::max()};
  std::string out = "untouched";
  start(1, read_into(here(1), "a", &out));
  requests.abandon(RequestId{1});
  EXPECT_EQ(requests.operations_open(), 0U);
  world.run();
  EXPECT_EQ(out, "untouched");
  EXPECT_EQ(host.late_completions(), 1U);
  EXPECT_EQ(host.bodies_alive(), 0U);
  EXPECT_FALSE(host.exchange(RequestId{1}).finished);
}

TEST_F(TaskTest, ACompletionForTheSlotsFormerTenantIsRefused) {
  std::string first;
  std::string second;
  start(1, read_into(here(1), "a", &first));
  requests.abandon(RequestId{1});
  start(2, read_into(here(2), "b", &second));
  EXPECT_FALSE(requests.complete(RequestId{1}, OperationId{0, 0}, Completion{}));
  EXPECT_FALSE(requests.complete(RequestId{1}, OperationId{0, 1}, Completion{}));
  EXPECT_FALSE(requests.complete(RequestId{2}, OperationId{7, 0}, Completion{}));
  world.run();
  EXPECT_EQ(second, "miss");
}

Task<void> wait_for(Context here, std::uint64_t millis, int* woken) {
  const auto waited = co_await park(here, millis);
  *woken = waited ? static_cast<int>(waited->woken) : -1;
}

TEST_F(TaskTest, ParkEndsByWakeOrByTime) {
  int first = -2;
  int second = -2;
  start(1, wait_for(here(1), 5000, &first));
  start(2, wait_for(here(2), 5000, &second));
  const Instant began = world.now;
  world.run_for(Millis(100));
  EXPECT_EQ(first, -2);
  host.wake(RequestId{1});
  world.run_for(Millis(0));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, -2);
  world.run();
  EXPECT_EQ(second, 0);
  EXPECT_EQ(world.now - began, Millis(5000));
}

TEST_F(TaskTest, WakingARequestThatIsNotParkedDoesNothing) {
  host.wake(RequestId{9});
  std::string out;
  start(1, read_into(here(1), "a", &out));
  host.wake(RequestId{1});
  world.run();
  EXPECT_EQ(out, "miss");
}

struct Guard {
  explicit Guard(int* count_) : count(count_) {}
  Guard(const Guard&) = delete;
  ~Guard() { ++*count; }
  int* count;
};

Task<void> hold(Context here, int* destroyed) {
  const Guard outer(destroyed);
  const auto waited = co_await park(here, 1000);
  (void)waited;
  const Guard inner(destroyed);
}

TEST_F(TaskTest, DestructorsOfSuspendedFramesRunOnceOnAbandonAndOnTheWayOut) {
  int destroyed = 0;
  start(1, hold(here(1), &destroyed));
  requests.abandon(RequestId{1});
  EXPECT_EQ(destroyed, 1);
  destroyed = 0;
  start(2, hold(here(2), &destroyed));
  world.run();
  EXPECT_EQ(destroyed, 2);
}

Task<void> move_only(std::unique_ptr<int> value, int* out) {
  *out = *value;
  co_return;
}

TEST_F(TaskTest, ArgumentsMoveIntoTheFrame) {
  int out = 0;
  EXPECT_TRUE(start(1, move_only(std::make_unique<int>(7), &out)));
  EXPECT_EQ(out, 7);
}

TEST(Sha256, KnownAnswers) {
  const auto hex = [](std::string_view text) {
    std::string out;
    for (const char c : sim::sha256(text)) {
      const char* digits = "0123456789abcdef";
      out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(digits[static_cast<unsigned char>(c) & 15]);
    }
    return out;
  };
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(std::string(1000, 'a')), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

}  // namespace
}  // namespace larder::host::task_test
