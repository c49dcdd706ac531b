#include "config/template.h"

#include <gtest/gtest.h>

#include "config/declaration.h"
#include "config/settings.h"

namespace larder::config::template_test {
namespace {

KeyField field(FieldSource source, std::string name, Presence presence) {
  KeyField made;
  made.source = source;
  made.name = std::move(name);
  made.presence = presence;
  return made;
}

const std::vector<KeyField>& key() {
  static const std::vector<KeyField> fields = {field(FieldSource::query, "q", Presence::required),
                                               field(FieldSource::query, "lang", Presence::optional),
                                               field(FieldSource::rest, "rest", Presence::optional),
                                               field(FieldSource::whole_query, "*", Presence::optional)};
  return fields;
}

// "error: …" where there is none.
std::string url(std::string_view text, const FieldValues& values) {
  Faults faults;
  const UrlTemplate parsed = parse_url_template(text, key(), "url", faults);
  EXPECT_TRUE(faults.empty()) << to_text(faults);
  auto expanded = expand_url(parsed, values);
  return expanded ? *expanded : "error: " + expanded.error().message;
}

TEST(UrlTemplate, EncodesValuesWhereTheyStand) {
  EXPECT_EQ(url("https://e.com/{q}?l={lang}", {"a/b ?&=é", "d&e=f", "", ""}),
            "https://e.com/a%2Fb%20%3F%26%3D%C3%A9?l=d%26e%3Df");
  EXPECT_EQ(url("https://e.com/x-{q}.json?a=1&t=in:{q}", {"y", "", "", ""}),
            "https://e.com/x-y.json?a=1&t=in:y");
  EXPECT_EQ(url("https://e.com", {"q", "", "", ""}), "https://e.com/");
  EXPECT_EQ(url("https://e.com?a", {"q", "", "", ""}), "https://e.com/?a");
}

TEST(UrlTemplate, LeavesOutParametersThatAreAbsent) {
  EXPECT_EQ(url("https://e.com/{q}?l={lang}&z=1", {"a", std::nullopt, "", ""}), "https://e.com/a?z=1");
  EXPECT_EQ(url("https://e.com/{q}?l={lang}", {"a", std::nullopt, "", ""}), "https://e.com/a");
  EXPECT_EQ(url("https://e.com/{q}?l={lang}", {"a", "", "", ""}), "https://e.com/a?l=");
}

TEST(UrlTemplate, KeepsTheSlashesOfARest) {
  EXPECT_EQ(url("https://e.com/v1/{rest}?{*}", {"", "", "a b/c/", "x=1&y=2"}),
            "https://e.com/v1/a%20b/c/?x=1&y=2");
  EXPECT_EQ(url("https://e.com/v1/{rest}?{*}", {"", "", "", ""}), "https://e.com/v1/");
}

TEST(UrlTemplate, NoValueLeavesItsPath) {
  constexpr std::string_view dots = "error: A part of the path is \".\" or \"..\"; write a name.";
  EXPECT_EQ(url("https://e.com/a/{q}/b", {"..", "", "", ""}), dots);
  EXPECT_EQ(url("https://e.com/a/{q}", {".", "", "", ""}), dots);
  EXPECT_EQ(url("https://e.com/a/.{q}", {".", "", "", ""}), dots);
  EXPECT_EQ(url("https://e.com/a/{rest}", {"", "", "x/../y", ""}), dots);
  EXPECT_EQ(url("https://e.com/a/{q}", {"../b", "", "", ""}), dots);
  EXPECT_EQ(url("https://e.com/a/{q}", {"b\\..", "", "", ""}), dots);
  EXPECT_EQ(url("https://e.com/a/{q}", {"...", "", "", ""}), "https://e.com/a/...");
  EXPECT_EQ(url("https://e.com/a/{q}", {"b/c", "", "", ""}), "https://e.com/a/b%2Fc");
  EXPECT_EQ(url("https://e.com/a/{q}/b", {"/", "", "", ""}),
            "error: A part of the path is empty; write a name.");
  // A percent sign of the client's is data: it is escaped, so it cannot become a dot on its way.
  EXPECT_EQ(url("https://e.com/a/{q}", {"%2e%2e", "", "", ""}), "https://e.com/a/%252e%252e");
  EXPECT_EQ(url("https://e.com/a/{q}/b", {"", "", "", ""}), "error: q must not be empty.");
}

TEST(UrlTemplate, TakesWhatIsSentAsItCame) {
  Faults faults;
  const std::vector<KeyField> fields = {field(FieldSource::rest, "rest", Presence::optional),
                                        field(FieldSource::whole_query, "*", Presence::optional)};
  const UrlTemplate parsed = parse_url_template("https://e.com/v1/{rest}?fixed=1&{*}", fields, "url", faults);
  ASSERT_TRUE(faults.empty());
  EXPECT_EQ(expand_url(parsed, {"a;b//c", "x="}, {"a;b//c", "x"}).value(),
            "https://e.com/v1/a;b//c?fixed=1&x");
  EXPECT_EQ(expand_url(parsed, {"a", "x="}, {std::nullopt, std::nullopt}).value(),
            "https://e.com/v1/a?fixed=1&x=");
  EXPECT_EQ(expand_url(parsed, {"a", ""}, {"a", ""}).value(), "https://e.com/v1/a?fixed=1");
  EXPECT_FALSE(expand_url(parsed, {"a", ""}, {"a/%2e./b", ""}).has_value());
}

TEST(UrlTemplate, IsBounded) {
  EXPECT_EQ(url("https://e.com/{q}", {std::string(8178, 'x'), "", "", ""}).size(), 8192u);
  EXPECT_EQ(url("https://e.com/{q}", {std::string(8179, 'x'), "", "", ""}),
            "error: The request is too long for the origin; shorten it.");
}

std::vector<HeaderTemplate> headers(std::string_view text) {
  Faults faults;
  std::vector<HeaderTemplate> list;
  list.push_back(
      HeaderTemplate{"x", parse_template(text, TemplateUse::header_value, key(), "headers", faults)});
  EXPECT_TRUE(faults.empty()) << to_text(faults);
  return list;
}

TEST(HeaderTemplate, TakesFieldsAndSecrets) {
  const auto settings = parse_settings({{"TOKEN", "s3cret"}});
  const auto expanded = expand_headers(headers("Bearer ${TOKEN}; {lang}"), {"q", "dé", "", ""}, *settings);
  ASSERT_TRUE(expanded);
  EXPECT_EQ(*expanded, (TextPairs{{"x", "Bearer s3cret; d%C3%A9"}}));
  EXPECT_TRUE(expand_headers(headers("{lang}"), {"q", std::nullopt, "", ""}, *settings)->empty());
}

TEST(HeaderTemplate, SaysWhichSecretIsMissingOrBroken) {
  const auto none = parse_settings({});
  const auto missing = expand_headers(headers("${TOKEN}"), {"q", "", "", ""}, *none);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(missing.error().message, "The secret TOKEN is not set: npx wrangler secret put TOKEN.");
  const auto broken = parse_settings({{"TOKEN", "s3\r\ncret"}});
  const auto refused = expand_headers(headers("${TOKEN}"), {"q", "", "", ""}, *broken);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "The secret TOKEN has a line break or control character; set it again.");
  const auto long_one = expand_headers(headers("{q}"), {std::string(8193, 'x'), "", "", ""}, *none);
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().kind, ErrorKind::too_large);
}

TEST(TextTemplate, NeedsAllItsValues) {
  Faults faults;
  const Template tag = parse_template("author:{q}", TemplateUse::tag, key(), "tags", faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(expand_text(tag, {"a b", "", "", ""}), "author:a b");
  EXPECT_EQ(expand_text(tag, {"", "", "", ""}), std::nullopt);
  EXPECT_EQ(expand_text(tag, {std::nullopt, "", "", ""}), std::nullopt);
}

TEST(Billionths, AreExact) {
  EXPECT_EQ(parse_billionths("0.5"), 500'000'000);
  EXPECT_EQ(parse_billionths("-1000000000"), -1'000'000'000'000'000'000);
  EXPECT_EQ(parse_billionths("+1.0000000019"), 1'000'000'001);
  for (const std::string_view bad :
       {"", "-", ".5", "5.", "1e3", "1000000001", "0x1", "1.5.5", "1.-5", "--1"}) {
    EXPECT_EQ(parse_billionths(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace larder::config::template_test
