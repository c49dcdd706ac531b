#include "http/path.h"

#include <gtest/gtest.h>

namespace larder::http::path_test {
namespace {

TEST(Path, HasDotSegmentsInEverySpelling) {
  for (const std::string_view path :
       {".", "..", "/.", "/..", "/a/../b", "/a/./b", "/a/%2e%2E", "/a/.%2e/b", "/%2e/b", "/a/..%2Fb",
        "/a%2f..%2fb", "/a/x%5c..%5Cb", "/a\\..\\b", "/..;/a", "/..;x=1", "/a/.%3Bx", "a%2F."}) {
    EXPECT_TRUE(has_dot_segment(path)) << path;
  }
  for (const std::string_view path :
       {"", "/", "//", "/...", "/a..", "/..a", "/a.b/c", "/%2e%2e%2e", "/%252e%252e", "/.%2", "/a%2",
        "/a%2Fb", "/...;x", "/;..", "/..%2", "/%2g"}) {
    EXPECT_FALSE(has_dot_segment(path)) << path;
  }
}

TEST(Path, ASegmentIsAValueThatStaysWhereItIs) {
  EXPECT_EQ(path_segment("dune").value(), "dune");
  EXPECT_EQ(path_segment("AC/DC: live?").value(), "AC%2FDC%3A%20live%3F");
  EXPECT_EQ(path_segment("%2e%2e").value(), "%252e%252e");
  EXPECT_EQ(path_segment("...").value(), "...");
  EXPECT_EQ(path_segment("a//b").value(), "a%2F%2Fb");
}

TEST(Path, AValueThatLeadsElsewhereIsNoSegment) {
  for (const std::string_view value :
       {".", "..", "../author/x", "x/..", "x\\..\\y", "a/./b", "/..", "..\\"}) {
    const auto segment = path_segment(value);
    ASSERT_FALSE(segment.has_value()) << value;
    EXPECT_EQ(segment.error().kind, ErrorKind::invalid);
    EXPECT_EQ(segment.error().message, "A part of the path is \".\" or \"..\"; write a name.");
  }
  for (const std::string_view value : {"", "/", "//", "\\"}) {
    const auto segment = path_segment(value);
    ASSERT_FALSE(segment.has_value()) << value;
    EXPECT_EQ(segment.error().message, "A part of the path is empty; write a name.");
  }
}

}  // namespace
}  // namespace larder::http::path_test
