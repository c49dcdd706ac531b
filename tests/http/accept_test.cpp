#include "http/accept.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::http::accept_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_view_literals;

TEST(Preferences, HaveRangeParametersAndQuality) {
  const auto preferences = parse_preferences(
      "Text/HTML;Level=\"A, b\" ; q=0.25, , */*;q=1.000, a;q=0, b;q=1.001, c;q=x, d;q, e;;x");
  ASSERT_EQ(preferences.size(), 7U);
  EXPECT_EQ(preferences[0].range, "text/html");
  EXPECT_THAT(preferences[0].parameters, ElementsAre("level=a, b"));
  EXPECT_EQ(preferences[0].quality, 250U);
  EXPECT_EQ(preferences[1].quality, 1000U);
  EXPECT_EQ(preferences[2].quality, 0U);
  EXPECT_EQ(preferences[3].quality, std::nullopt);
  EXPECT_EQ(preferences[4].quality, std::nullopt);
  EXPECT_EQ(preferences[5].quality, std::nullopt);
  EXPECT_THAT(preferences[6].parameters, ElementsAre("x="));
  EXPECT_THAT(parse_preferences(""), IsEmpty());
}

TEST(Preferences, QualityHasTheGrammarOfTheStandard) {
  const std::pair<std::string_view, std::optional<unsigned>> cases[] = {
      {"a;q=0.5", 500U},
      {"a;q=0.123", 123U},
      {"a;q=1.", 1000U},
      {"a;q=0.", 0U},
      {"a;Q=0.01", 10U},
      {"a; q = 0.7", 700U},
      {"a;q=0.1234", std::nullopt},
      {"a;q=-0.5", std::nullopt},
      {"a;q=.5", std::nullopt},
      {"a;q=2", std::nullopt},
      {"a;q=1.1", std::nullopt},
      {"a;q=0,5", 0U},
      {"a;q=", std::nullopt},
      {"a;q=0x1", std::nullopt},
      {"a;q=10", std::nullopt},
      {"a;q=\"1\"", std::nullopt},
  };
  for (const auto& [value, quality] : cases) {
    EXPECT_EQ(parse_preferences(value).front().quality, quality) << value;
  }
}

TEST(AcceptEncoding, AllowsGzip) {
  for (const std::string_view value :
       {"gzip", "GZIP", "x-gzip", "compress, gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "*;q=0.001",
        "gzip;q=0.001", ", gzip ,", "identity;q=0.5, *", "gzip;q=0, x-gzip"}) {
    EXPECT_TRUE(accepts_gzip(value)) << value;
  }
}

TEST(AcceptEncoding, DoesNotAllowGzip) {
  for (const std::string_view value :
       {""sv, "identity"sv, "br"sv, "gzip;q=0"sv, "gzip;q=0.000"sv, "gzip;q=0, *"sv, "*;q=0"sv,
        "*, gzip;q=0"sv, "gzipped"sv, "gzip;q=x"sv, "gzip;q=-1"sv, "\"gzip\""sv, "gzip\0"sv, "br=\"gzip\""sv,
        "\"a, gzip\""sv}) {
    EXPECT_FALSE(accepts_gzip(value)) << value;
  }
  EXPECT_FALSE(accepts_gzip(std::nullopt));
}

TEST(MetricsForm, IsJsonUnlessTextRanksHigher) {
  EXPECT_EQ(preferred_metrics_form(std::nullopt), MetricsForm::json);
  for (const std::string_view value :
       {"", "*/*", "application/json", "application/*", "application/json, text/plain",
        "text/plain;q=0.5, */*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "image/png", "text/plain;version=1.0.0", "text/plain;q=0", "text/plain;q=x",
        "APPLICATION/JSON;charset=UTF-8, text/*;q=0.9", "text", "text/", "application/openmetrics-text",
        "text/plain;q=0.9, */*;q=0.9, application/json;q=0.95"}) {
    EXPECT_EQ(preferred_metrics_form(value), MetricsForm::json) << value;
  }
}

TEST(MetricsForm, IsPrometheusTextForItsScrapers) {
  for (const std::string_view value :
       {"text/plain", "text/plain;version=0.0.4", "text/*", "TEXT/plain; Version=\"0.0.4\"; charset=utf-8",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "application/json;q=0.5, text/plain", "application/json;q=0, */*",
        "text/plain;q=0, text/plain;version=0.0.4"}) {
    EXPECT_EQ(preferred_metrics_form(value), MetricsForm::prometheus) << value;
  }
}

}  // namespace
}  // namespace larder::http::accept_test
