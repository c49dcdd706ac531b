#include "http/problem.h"

#include <gtest/gtest.h>

namespace larder::http::problem_test {
namespace {

TEST(Problem, SaysTheStatusWhenNothingElseIsSaid) {
  Problem problem;
  problem.status = 404;
  EXPECT_EQ(problem_body(problem), R"({"type":"about:blank","title":"Not Found","status":404})");
  problem.status = 599;
  EXPECT_EQ(problem_body(problem), R"({"type":"about:blank","title":"Unknown Status","status":599})");
}

TEST(Problem, CarriesDetailAndExtensions) {
  Problem problem(400, "Give \"q\" at most 200 characters.");
  problem.type = "/problems/bad-query";
  problem.title = "The query is too long";
  problem.extensions = {{"field", "q"}, {"requestId", "r\n1"}};
  EXPECT_EQ(problem_body(problem),
            R"({"type":"/problems/bad-query","title":"The query is too long","status":400,)"
            R"("detail":"Give \"q\" at most 200 characters.","field":"q","requestId":"r\u000a1"})");
}

TEST(Problem, StaysJsonWhateverTheDetail) {
  const std::string body = problem_body(Problem(502, std::string("\0\xff", 2)));
  EXPECT_EQ(body,
            "{\"type\":\"about:blank\",\"title\":\"Bad "
            "Gateway\",\"status\":502,\"detail\":\"\\u0000\xef\xbf\xbd\"}");
}

TEST(ProblemDeathTest, ExtensionsCannotReplaceStandardMembers) {
  for (const char* name : {"type", "title", "status", "detail", "instance"}) {
    Problem problem(400, "");
    problem.extensions = {{name, "x"}};
    EXPECT_DEATH(problem_body(problem), "is_standard_member") << name;
  }
}

}  // namespace
}  // namespace larder::http::problem_test
