// What is asked about a list whose headers are not known.
#include "booklist/column_question.h"

#include <gtest/gtest.h>

namespace larder::booklist::column_question_test {
namespace {

TEST(ColumnQuestion, HoldsTheHeadersAndTheFirstRows) {
  const std::string long_field(200, 'x');
  const std::string bytes =
      "Titel;Verfasser;\nDer  Process;\"Kafka, \nFranz\"\nB;" + long_field + ";c\nD;e;f\nnot;sent;at all\n";
  const auto text = read_csv_text(bytes, ListLimits());
  const auto head = read_list_head(*text, ListLimits());
  ASSERT_TRUE(head.has_value());
  ASSERT_FALSE(head->format.has_value());
  EXPECT_EQ(column_question(*text, *head, ListLimits()),
            R"({"columns":[{"index":0,"header":"Titel","samples":["Der Process","B","D"]},)"
            R"({"index":1,"header":"Verfasser","samples":["Kafka, Franz",")" +
                std::string(80, 'x') + R"(","e"]},{"index":2,"header":"","samples":["","c","f"]}]})");
  EXPECT_EQ(column_schema(*head),
            R"({"type":"object","additionalProperties":false,"required":["columns"],"properties":{"columns":)"
            R"({"type":"array","items":{"type":"object","additionalProperties":false,"required":["index",)"
            R"("column"],"properties":{"index":{"type":"integer","enum":[0,1,2]},"column":{"type":"string",)"
            R"("enum":["title","author","more_authors","author_roles","more_author_roles","isbn","rating",)"
            R"("read_count","shelf","shelves","is_read","is_favourite","is_deleted","kind"]}}}}}})");
}

TEST(ColumnQuestion, OfAHeaderAloneHasNoSamples) {
  const auto text = read_csv_text("Werk,\"Autorin", ListLimits());
  const auto whole = read_csv_text("Werk,Autorin\nA,\"never closed\n", ListLimits());
  EXPECT_FALSE(read_list_head(*text, ListLimits()).has_value());
  const auto head = read_list_head(*whole, ListLimits());
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(column_question(*whole, *head, ListLimits()),
            R"({"columns":[{"index":0,"header":"Werk","samples":[]},)"
            R"({"index":1,"header":"Autorin","samples":[]}]})");
}

TEST(ColumnQuestion, TellsWhatEachColumnMayHold) {
  const std::string text = column_instructions();
  EXPECT_NE(text.find("\n- title: the title of the book\n- author: its author or authors\n"),
            std::string::npos);
  EXPECT_NE(text.find("\n- shelves: names of shelves"), std::string::npos);
}

}  // namespace
}  // namespace larder::booklist::column_question_test
