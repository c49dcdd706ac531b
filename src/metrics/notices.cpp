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
// Marked as important, since what is inline would win.
constexpr std::string_view mail_sheet =
    "@media (prefers-color-scheme:dark){"
    ".page{background:#161614!important;color:#ecece8!important}"
    ".box{background:#242421!important}"
    ".quiet{color:#a9a9a2!important}"
    ".link{color:#8ab8ea!important}"
    ".bad{border-left-color:#f2877f!important}.bad .state{color:#f2877f!important}"
    ".good{border-left-color:#7cc580!important}.good .state{color:#7cc580!important}"
    ".news{border-left-color:#8ab8ea!important}.news .state{color:#8ab8ea!important}}";

// What Alertmanager's receivers know a decision as.
constexpr std::string_view decision_name = "experiment_decided";

constexpr std::string_view guide_path = "docs/MONITORING_OPTIMIZATION.md";
// Slack takes 50 blocks, and 3,000 characters of text in a section.
constexpr std::size_t slack_sections_max = 48;
constexpr std::size_t slack_section_bytes_max = 3000;

const AlertRow& row_of(const Notice& notice) { return alert_rows()[static_cast<std::size_t>(notice.alert)]; }

bool is_firing(const Notice& notice) { return notice.news == AlertNews::fired; }
bool is_decision(const Notice& notice) { return notice.news == AlertNews::none; }

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

std::string title_of(const Notice& notice) {
  return is_decision(notice) ? concat({"experiment ", notice.topic})
                             : replaced(row_of(notice).name, {{'_', " "}});
}

std::string deployment_of(const NoticeContext& context) {
  return concat({context.deployment, " (", context.environment, ")"});
}

// What every transport says of a notice, in its own form.
struct Story {
  // FIRING, RESOLVED or DECIDED.
  std::string_view state;
  // Which alert or decision it is: its severity.
  std::string_view grade;
  std::string title;
  std::string what;
  std::string status;
  // "": nothing is to be done.
  std::string_view help;
  std::string guide;

  Story() {}
};

Story story_of(const Notice& notice, const NoticeContext& context) {
  Story story;
  story.title = title_of(notice);
  if (is_decision(notice)) {
    story.state = "DECIDED";
    story.grade = "experiment";
    story.what = concat({"It ", notice.headline, "."});
    story.status = concat(
        {notice.reason, notice.reason.empty() ? "" : " ", "Decided at ", minute_text(notice.fired_at), "."});
    story.guide = experiments_guide;
    return story;
  }
  const AlertRow& row = row_of(notice);
  story.state = is_firing(notice) ? "FIRING" : "RESOLVED";
  story.grade = to_text(row.severity);
  story.what = row.what;
  story.status = status_line(notice);
  story.help = is_firing(notice) ? row.help : "";
  story.guide = guide_of(row, context);
  return story;
}

std::string timestamp_or_zero(const Notice& notice) {
  // Alertmanager's word for "not ended".
  return is_firing(notice) ? std::string("0001-01-01T00:00:00Z") : http::format_timestamp(notice.resolved_at);
}

// Where all of them are seen.
bool all_decisions(const std::vector<Notice>& notices) {
  return std::all_of(notices.begin(), notices.end(), is_decision);
}
std::string_view overview_path(const std::vector<Notice>& notices) {
  return all_decisions(notices) ? "/api/experiments" : "/api/alerts";
}
std::string_view overview_title(const std::vector<Notice>& notices) {
  return all_decisions(notices) ? "All experiments" : "All alerts";
}

// How a notice looks in a mail; `style` is a class of the sheet.
struct MailLook {
  std::string_view word;
  std::string_view colour;
  std::string_view style;
};
MailLook look_of(const Notice& notice) {
  switch (notice.news) {
    case AlertNews::fired:
      return {"Firing", "#b3261e", "bad"};
    case AlertNews::resolved:
      return {"Resolved", "#2e7d32", "good"};
    case AlertNews::none:
      break;
  }
  return {"Decided", "#0b57a4", "news"};
}

// "dead letters high" as a heading.
std::string sentence_of(std::string text) {
  if (!text.empty()) {
    const char first = text.front();
    text.front() = first >= 'a' && first <= 'z' ? static_cast<char>(first - ('a' - 'A')) : first;
  }
  return text;
}

bool any_firing(const std::vector<Notice>& notices) {
  return std::any_of(notices.begin(), notices.end(), is_firing);
}

}  // namespace

std::string encode(const std::vector<Notice>& notices) {
  RecordWriter record;
  record.u32(static_cast<std::uint32_t>(notices.size()));
  for (const Notice& notice : notices) {
    if (is_decision(notice)) {
      // No alert has that name.
      record.text("");
      record.u64(static_cast<std::uint64_t>(millis_since_epoch(notice.fired_at)));
      record.text(notice.topic);
      record.text(notice.headline);
      record.text(notice.reason);
      continue;
    }
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
    const std::string name = record.text();
    Notice notice;
    if (name.empty()) {
      notice.news = AlertNews::none;
      notice.fired_at = notice.resolved_at = instant_from_millis(static_cast<std::int64_t>(record.u64()));
      notice.topic = record.text();
      notice.headline = record.text();
      notice.reason = record.text();
      notices.push_back(std::move(notice));
      continue;
    }
    const AlertRow* row = find_alert(name);
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
  const auto decided = static_cast<std::size_t>(std::count_if(notices.begin(), notices.end(), is_decision));
  const std::string_view test = context.is_test ? "Test: " : "";
  std::string what;
  if (notices.size() == 1) {
    const Notice& only = notices.front();
    what = concat({title_of(only), is_decision(only) ? concat({" ", only.headline})
                                   : is_firing(only) ? std::string(" is firing")
                                                     : std::string(" is resolved")});
  } else if (decided == notices.size()) {
    what = concat({larder::to_text(std::uint64_t{decided}), " decisions about experiments"});
  } else {
    what = concat({"alerts: ", larder::to_text(std::uint64_t{firing}), " firing, ",
                   larder::to_text(std::uint64_t{notices.size() - firing - decided}), " resolved"});
  }
  return concat({"[Larder ", deployment_of(context), "] ", test, what});
}

std::string plain_text_of(const std::vector<Notice>& notices, const NoticeContext& context) {
  std::string text = concat({"Larder, deployment ", deployment_of(context), "\n"});
  if (context.is_test) {
    text += "This is a test: nothing is wrong.\n";
  }
  for (const Notice& notice : notices) {
    const Story story = story_of(notice, context);
    text += concat({"\n", story.state, " (", story.grade, "): ", story.title, "\n", story.what, "\n",
                    story.status, "\n"});
    if (!story.help.empty()) {
      text += concat({"What to do: ", story.help, "\n"});
    }
    text += concat({"Guide: ", story.guide, "\n"});
  }
  if (!context.external_url.empty()) {
    text += concat({"\n", overview_title(notices), ": ", context.external_url, overview_path(notices), "\n"});
  }
  return text;
}

std::string html_of(const std::vector<Notice>& notices, const NoticeContext& context) {
  // Inline styles are what all mail programs take; the sheet is for those that can be dark.
  std::string html =
      concat({"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">",
              "<meta name=\"viewport\" content=\"width=device-width\">",
              "<meta name=\"color-scheme\" content=\"light dark\">",
              "<meta name=\"supported-color-schemes\" content=\"light dark\"><title>",
              escaped_html(subject_of(notices, context)), "</title><style>", mail_sheet, "</style></head>",
              "<body class=\"page\" style=\"margin:0;padding:24px 16px;background:#f4f4f2;color:#1c1c1a;",
              "font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif\">",
              "<div style=\"max-width:600px;margin:0 auto\">"});
  html += concat({"<p class=\"quiet\" style=\"margin:0 0 16px;color:#5a5a55\">Larder, deployment ",
                  escaped_html(deployment_of(context)), "</p>"});
  if (context.is_test) {
    html += "<p style=\"margin:0 0 16px\"><strong>This is a test: nothing is wrong.</strong></p>";
  }
  for (const Notice& notice : notices) {
    const Story story = story_of(notice, context);
    const MailLook look = look_of(notice);
    html += concat({"<div class=\"box ",
                    look.style,
                    "\" style=\"",
                    box_style,
                    look.colour,
                    "\">",
                    "<p class=\"state\" style=\"margin:0;color:",
                    look.colour,
                    "\"><strong>",
                    look.word,
                    "</strong> (",
                    story.grade,
                    ")</p>",
                    "<h2 style=\"margin:4px 0 8px;font-size:20px;line-height:1.3;overflow-wrap:anywhere\">",
                    escaped_html(sentence_of(story.title)),
                    "</h2><p style=\"margin:0 0 8px\">",
                    escaped_html(story.what),
                    "</p><p style=\"margin:0 0 8px;overflow-wrap:anywhere\">",
                    escaped_html(story.status),
                    "</p>"});
    if (!story.help.empty()) {
      html += concat(
          {"<p style=\"margin:0 0 8px\"><strong>What to do:</strong> ", escaped_html(story.help), "</p>"});
    }
    const bool is_link = !context.guide_url.empty() && !is_decision(notice);
    html += is_link ? concat({"<p style=\"margin:0\"><a class=\"link\" style=\"color:#0b57a4\" href=\"",
                              escaped_html(story.guide), "\">The guide's section</a></p></div>"})
                    : concat({"<p class=\"quiet\" style=\"margin:0;color:#5a5a55;font-size:14px;",
                              "overflow-wrap:anywhere\">Guide: ", escaped_html(story.guide), "</p></div>"});
  }
  if (!context.external_url.empty()) {
    html += concat({"<p style=\"margin:0\"><a class=\"link\" style=\"color:#0b57a4\" href=\"",
                    escaped_html(context.external_url), overview_path(notices), "\">",
                    overview_title(notices), "</a></p>"});
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
    const Story story = story_of(notices[i], context);
    std::string text = concat({"*", escaped_slack(story.title), "* (", story.grade, ")\n",
                               escaped_slack(story.what), "\n", escaped_slack(story.status), "\n"});
    if (!story.help.empty()) {
      text += concat({"What to do: ", escaped_slack(story.help), "\n"});
    }
    text += concat({"Guide: ", escaped_slack(story.guide)});
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
    const Story story = story_of(notice, context);
    const std::string_view name = is_decision(notice) ? decision_name : row_of(notice).name;
    json.begin_object().key("status").value(is_firing(notice) ? "firing" : "resolved");
    json.key("labels").begin_object().key("alertname").value(name);
    json.key("severity").value(is_decision(notice) ? std::string_view("info") : story.grade);
    if (is_decision(notice)) {
      json.key("experiment").value(notice.topic);
    }
    common();
    if (context.is_test) {
      json.key("test").value("true");
    }
    json.end_object().key("annotations").begin_object().key("summary");
    json.value(is_decision(notice) ? concat({"The experiment ", notice.topic, " ", notice.headline, "."})
                                   : story.what);
    json.key("description")
        .value(is_decision(notice) ? story.status : concat({story.status, " ", row_of(notice).help}));
    json.key("runbook_url").value(story.guide).end_object();
    json.key("startsAt").value(http::format_timestamp(notice.fired_at));
    json.key("endsAt").value(timestamp_or_zero(notice));
    json.key("generatorURL")
        .value(context.external_url.empty() ? std::string()
                                            : concat({context.external_url, overview_path(notices)}));
    json.key("fingerprint");
    json.value(concat({context.deployment, ":", name, is_decision(notice) ? ":" : "", notice.topic}));
    json.end_object();
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
