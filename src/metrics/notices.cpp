#include "metrics/notices.h"

#include <algorithm>
#include <cstring>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/wire.h"
#include "http/date.h"

namespace larder::metrics {

namespace {

// Ends before its colour.
constexpr std::string_view box_style =
    "margin:0 0 16px;padding:16px 20px;background:#ffffff;border-radius:8px;border-left:6px solid ";

constexpr std::string_view guide_path = "docs/MONITORING_OPTIMIZATION.md";
// Slack takes 50 blocks, and 3,000 characters of text in a section.
constexpr std::size_t slack_sections_max = 48;
constexpr std::size_t slack_section_bytes_max = 3000;

const AlertRow& row_of(const Notice& notice) { return alert_rows()[static_cast<std::size_t>(notice.alert)]; }

bool is_firing(const Notice& notice) { return notice.news == AlertNews::fired; }

std::string replaced(std::string_view text, std::initializer_list<std::pair<char, std::string_view>> by) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto* found = std::find_if(by.begin(), by.end(), [c](const auto& one) { return one.first == c; });
    if (found == by.end()) {
      out.push_back(c);
    } else {
      out += found->second;
    }
  }
  return out;
}

std::string escaped_html(std::string_view text) {
  return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}});
}

// Slack's mrkdwn has these three as control characters.
std::string escaped_slack(std::string_view text) {
  return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}});
}

// "2026-11-28 17:40 UTC".
std::string minute_text(Instant at) {
  const std::string stamp = http::format_timestamp(at);
  return concat({stamp.substr(0, 10), " ", stamp.substr(11, 5), " UTC"});
}

std::string status_line(const Notice& notice) {
  const AlertRow& row = row_of(notice);
  if (is_firing(notice)) {
    return concat({"Firing since ", minute_text(notice.fired_at), ": now ", value_text(row, notice.value),
                   row.comparison == Comparison::above ? ", above " : ", below ",
                   value_text(row, row.threshold), "."});
  }
  return concat({"Resolved at ", minute_text(notice.resolved_at), "; it had fired since ",
                 minute_text(notice.fired_at), ", at worst with ", value_text(row, notice.worst), "."});
}

std::string title_of(const Notice& notice) { return replaced(row_of(notice).name, {{'_', " "}}); }

std::string deployment_of(const NoticeContext& context) {
  return concat({context.deployment, " (", context.environment, ")"});
}

std::string timestamp_or_zero(const Notice& notice) {
  // Alertmanager's word for "not ended".
  return is_firing(notice) ? std::string("0001-01-01T00:00:00Z") : http::format_timestamp(notice.resolved_at);
}

bool any_firing(const std::vector<Notice>& notices) {
  return std::any_of(notices.begin(), notices.end(), is_firing);
}

}  // namespace

std::string encode(const std::vector<Notice>& notices) {
  RecordWriter record;
  record.u32(static_cast<std::uint32_t>(notices.size()));
  for (const Notice& notice : notices) {
    record.text(row_of(notice).name);
    record.u8(is_firing(notice) ? 1 : 0);
    record.u64(static_cast<std::uint64_t>(millis_since_epoch(notice.fired_at)));
    record.u64(static_cast<std::uint64_t>(millis_since_epoch(notice.resolved_at)));
    for (const double number : {notice.value, notice.worst}) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      record.u64(bits);
    }
  }
  return std::move(record).take();
}

Result<std::vector<Notice>> decode_notices(std::string_view bytes) {
  RecordReader record(bytes);
  std::vector<Notice> notices;
  const std::uint32_t count = record.u32();
  for (std::uint32_t i = 0; i < count && record.ok(); ++i) {
    const AlertRow* row = find_alert(record.text());
    Notice notice;
    notice.news = record.u8() == 1 ? AlertNews::fired : AlertNews::resolved;
    notice.fired_at = instant_from_millis(static_cast<std::int64_t>(record.u64()));
    notice.resolved_at = instant_from_millis(static_cast<std::int64_t>(record.u64()));
    for (double* number : {&notice.value, &notice.worst}) {
      const std::uint64_t bits = record.u64();
      std::memcpy(number, &bits, sizeof bits);
    }
    if (row != nullptr) {
      notice.alert = row->alert;
      notices.push_back(notice);
    }
  }
  if (!record.complete()) {
    return fail(ErrorKind::corrupt, "alerts", "A message about alerts does not decode.");
  }
  return notices;
}

std::string guide_of(const AlertRow& row, const NoticeContext& context) {
  std::string anchor;
  for (const char c : row.section) {
    if (c == ' ') {
      anchor.push_back('-');
    } else if (is_alpha(c) || is_digit(c) || c == '-') {
      anchor.push_back(to_lower(c));
    }
  }
  return concat({context.guide_url.empty() ? guide_path : std::string_view(context.guide_url), "#", anchor});
}

std::string subject_of(const std::vector<Notice>& notices, const NoticeContext& context) {
  const auto firing = static_cast<std::size_t>(std::count_if(notices.begin(), notices.end(), is_firing));
  const std::string_view test = context.is_test ? "Test: " : "";
  std::string what;
  if (notices.size() == 1) {
    what = concat({title_of(notices.front()), is_firing(notices.front()) ? " is firing" : " is resolved"});
  } else {
    what = concat({"alerts: ", larder::to_text(std::uint64_t{firing}), " firing, ",
                   larder::to_text(std::uint64_t{notices.size() - firing}), " resolved"});
  }
  return concat({"[Larder ", deployment_of(context), "] ", test, what});
}

std::string plain_text_of(const std::vector<Notice>& notices, const NoticeContext& context) {
  std::string text = concat({"Larder, deployment ", deployment_of(context), "\n"});
  if (context.is_test) {
    text += "This is a test: nothing is wrong.\n";
  }
  for (const Notice& notice : notices) {
    const AlertRow& row = row_of(notice);
    text += concat({"\n", is_firing(notice) ? "FIRING" : "RESOLVED", " (", to_text(row.severity),
                    "): ", title_of(notice), "\n", row.what, "\n", status_line(notice), "\n"});
    if (is_firing(notice)) {
      text += concat({"What to do: ", row.help, "\n"});
    }
    text += concat({"Guide: ", guide_of(row, context), "\n"});
  }
  if (!context.external_url.empty()) {
    text += concat({"\nAll alerts: ", context.external_url, "/api/alerts\n"});
  }
  return text;
}

std::string html_of(const std::vector<Notice>& notices, const NoticeContext& context) {
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"></head>"
      "<body style=\"margin:0;padding:24px;background:#f4f4f2;color:#1c1c1a;"
      "font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif\">"
      "<div style=\"max-width:600px;margin:0 auto\">";
  html += concat({"<p style=\"margin:0 0 16px;color:#5a5a55\">Larder, deployment ",
                  escaped_html(deployment_of(context)), "</p>"});
  if (context.is_test) {
    html += "<p style=\"margin:0 0 16px\"><strong>This is a test: nothing is wrong.</strong></p>";
  }
  for (const Notice& notice : notices) {
    const AlertRow& row = row_of(notice);
    const std::string guide = guide_of(row, context);
    const bool firing = is_firing(notice);
    html += concat({"<div style=\"", box_style, firing ? "#b3261e" : "#2e7d32",
                    "\"><p style=\"margin:0;color:", firing ? "#b3261e" : "#2e7d32", "\"><strong>",
                    firing ? "Firing" : "Resolved", "</strong> (", to_text(row.severity),
                    ")</p><h2 style=\"margin:4px 0 8px;font-size:20px\">", escaped_html(title_of(notice)),
                    "</h2><p style=\"margin:0 0 8px\">", escaped_html(row.what),
                    "</p><p style=\"margin:0 0 8px\">", escaped_html(status_line(notice)), "</p>"});
    if (firing) {
      html += concat(
          {"<p style=\"margin:0 0 8px\"><strong>What to do:</strong> ", escaped_html(row.help), "</p>"});
    }
    html += context.guide_url.empty()
                ? concat({"<p style=\"margin:0;color:#5a5a55\">Guide: ", escaped_html(guide), "</p></div>"})
                : concat({"<p style=\"margin:0\"><a href=\"", escaped_html(guide),
                          "\">The guide's section</a></p></div>"});
  }
  if (!context.external_url.empty()) {
    const std::string url = escaped_html(context.external_url);
    html += concat({"<p style=\"margin:0\"><a href=\"", url, "/api/alerts\">All alerts</a></p>"});
  }
  html += "</div></body></html>";
  return html;
}

std::string slack_json(const std::vector<Notice>& notices, const NoticeContext& context) {
  JsonWriter json;
  json.begin_object().key("text").value(escaped_slack(subject_of(notices, context)));
  json.key("blocks").begin_array();
  const auto section = [&](std::string_view text) {
    json.begin_object().key("type").value("section").key("text").begin_object();
    json.key("type").value("mrkdwn").key("text").value(utf8_prefix(text, slack_section_bytes_max));
    json.end_object().end_object();
  };
  section(concat({"*", escaped_slack(subject_of(notices, context)), "*"}));
  for (std::size_t i = 0; i < notices.size() && i < slack_sections_max; ++i) {
    const Notice& notice = notices[i];
    const AlertRow& row = row_of(notice);
    std::string text = concat({"*", escaped_slack(title_of(notice)), "* (", to_text(row.severity), ")\n",
                               escaped_slack(row.what), "\n", escaped_slack(status_line(notice)), "\n"});
    if (is_firing(notice)) {
      text += concat({"What to do: ", escaped_slack(row.help), "\n"});
    }
    text += concat({"Guide: ", escaped_slack(guide_of(row, context))});
    section(text);
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::string alertmanager_json(const std::vector<Notice>& notices, const NoticeContext& context) {
  const std::string_view status = any_firing(notices) ? "firing" : "resolved";
  JsonWriter json;
  json.begin_object().key("version").value("4");
  json.key("groupKey").value(concat({"larder:", context.deployment})).key("truncatedAlerts").value(0);
  json.key("status").value(status).key("receiver").value("larder");
  const auto common = [&] {
    json.key("service").value("larder").key("deployment").value(context.deployment);
    json.key("environment").value(context.environment);
  };
  json.key("groupLabels").begin_object();
  json.key("deployment").value(context.deployment).end_object();
  json.key("commonLabels").begin_object();
  common();
  json.end_object();
  json.key("commonAnnotations").begin_object().end_object();
  json.key("externalURL").value(context.external_url);
  json.key("alerts").begin_array();
  for (const Notice& notice : notices) {
    const AlertRow& row = row_of(notice);
    json.begin_object().key("status").value(is_firing(notice) ? "firing" : "resolved");
    json.key("labels").begin_object().key("alertname").value(row.name);
    json.key("severity").value(to_text(row.severity));
    common();
    if (context.is_test) {
      json.key("test").value("true");
    }
    json.end_object().key("annotations").begin_object().key("summary").value(row.what);
    json.key("description").value(concat({status_line(notice), " ", row.help}));
    json.key("runbook_url").value(guide_of(row, context)).end_object();
    json.key("startsAt").value(http::format_timestamp(notice.fired_at));
    json.key("endsAt").value(timestamp_or_zero(notice));
    json.key("generatorURL")
        .value(context.external_url.empty() ? std::string() : concat({context.external_url, "/api/alerts"}));
    json.key("fingerprint").value(concat({context.deployment, ":", row.name})).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::string mailchannels_json(const std::vector<Notice>& notices, const NoticeContext& context,
                              const Mail& mail) {
  JsonWriter json;
  json.begin_object().key("personalizations").begin_array().begin_object().key("to").begin_array();
  for (const std::string& address : mail.to) {
    json.begin_object().key("email").value(address).end_object();
  }
  json.end_array().end_object().end_array();
  json.key("from").begin_object().key("email").value(mail.from).key("name").value("Larder").end_object();
  json.key("subject").value(subject_of(notices, context));
  json.key("content").begin_array();
  json.begin_object()
      .key("type")
      .value("text/plain")
      .key("value")
      .value(plain_text_of(notices, context))
      .end_object();
  json.begin_object()
      .key("type")
      .value("text/html")
      .key("value")
      .value(html_of(notices, context))
      .end_object();
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace larder::metrics
