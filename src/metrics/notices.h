// What people are sent about alerts and experiments: one message an evaluation, however many alerts it is
// about, in the form that each transport wants. Pure.
//
// Sources: Alertmanager's webhook (version 4,
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), Slack's incoming webhooks and
// Block Kit limits, MailChannels' POST /tx/v1/send; read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "metrics/alerts.h"

namespace larder::metrics {

// One alert that has fired or resolved, or one decision about an experiment. A copy: it may be sent long
// after, whatever became of the alert.
struct Notice {
  Alert alert = Alert::hit_rate_low;
  // none: it is a decision.
  AlertNews news = AlertNews::fired;
  // A decision: the experiment's name, what is decided ("is promoted"), and why, in sentences.
  std::string topic;
  std::string headline;
  std::string reason;
  // Of a decision: when it was taken.
  Instant fired_at;
  // Of a resolved one.
  Instant resolved_at;
  double value = 0;
  double worst = 0;

  Notice() {}
};

std::string encode(const std::vector<Notice>& notices);
// Notices of rows that are gone are left out. Errors: corrupt.
Result<std::vector<Notice>> decode_notices(std::string_view bytes);

struct NoticeContext {
  // CACHE_PREFIX and ENVIRONMENT: which deployment this is about.
  std::string deployment;
  std::string environment;
  // Where the Worker answers, for links; "": unknown.
  std::string external_url;
  // Where the guide is read; "": its path in the project.
  std::string guide_url;
  // A message that POST /api/alerts/test asked for: it says so.
  bool is_test = false;

  NoticeContext() {}
};

// The section of the guide that helps, as a link or a path: a heading's words in lower case with hyphens.
std::string guide_of(const AlertRow& row, const NoticeContext& context);
// For decisions: the guide to experiments.
inline constexpr std::string_view experiments_guide = "docs/EXPERIMENTS.md";

// One line, below 200 bytes.
std::string subject_of(const std::vector<Notice>& notices, const NoticeContext& context);
std::string plain_text_of(const std::vector<Notice>& notices, const NoticeContext& context);
// A whole document with inline styles, as mail programs want it; everything that is not ours is escaped.
std::string html_of(const std::vector<Notice>& notices, const NoticeContext& context);

std::string slack_json(const std::vector<Notice>& notices, const NoticeContext& context);
std::string alertmanager_json(const std::vector<Notice>& notices, const NoticeContext& context);
struct Mail {
  std::string from;
  std::vector<std::string> to;
};
std::string mailchannels_json(const std::vector<Notice>& notices, const NoticeContext& context,
                              const Mail& mail);

}  // namespace larder::metrics
