#include "policy/purge.h"

#include <algorithm>

#include "config/limits.h"
#include "entry/key.h"

namespace larder::policy {

namespace {

template <typename Pairs>
auto& slot(Pairs& pairs, const std::string& text) {
  for (auto& pair : pairs) {
    if (pair.first == text) {
      return pair.second;
    }
  }
  return pairs.emplace_back(text, typename Pairs::value_type::second_type()).second;
}

}  // namespace

PurgeBook::PurgeBook(const std::vector<config::Purge>& purges) : count_(purges.size()) {
  for (const config::Purge& purge : purges) {
    Rules* rules = &all_;
    switch (purge.kind) {
      case config::PurgeKind::key:
        rules = &keys_[purge.text];
        break;
      case config::PurgeKind::tag:
        rules = &tags_[purge.text];
        break;
      case config::PurgeKind::prefix:
        rules = &slot(prefixes_, purge.text);
        break;
      case config::PurgeKind::pattern:
        rules = &slot(patterns_, purge.text);
        break;
      case config::PurgeKind::all:
        break;
    }
    Rule& rule = purge.is_soft() ? rules->soft : rules->hard;
    if (purge.sequence > rule.sequence) {
      rule.sequence = purge.sequence;
      rule.at = purge.at;
    }
  }
}

void PurgeBook::judge_by(const Rules& rules, entry::Header& header, PurgeVerdict& verdict) {
  const auto reaches = [](const Rule& rule, Instant asked, std::uint64_t log_seen) {
    return rule.sequence > log_seen && asked <= rule.at + config::limit::clock_skew;
  };
  if (reaches(rules.hard, header.body_asked, header.body_log_seen)) {
    verdict = PurgeVerdict::dropped;
  } else if (verdict != PurgeVerdict::dropped && reaches(rules.soft, header.asked, header.log_seen)) {
    const Millis fresh_for = std::max(rules.soft.at - header.created, Millis(0));
    header.fresh_for = std::min(header.fresh_for, fresh_for);
    verdict = PurgeVerdict::softened;
  }
}

template <typename Visit>
void PurgeBook::visit(std::string_view storage_name, const std::vector<std::string>& tags,
                      Visit visit) const {
  // A purge that reaches a key reaches all its variants.
  storage_name = entry::base_name(storage_name);
  visit(all_);
  if (const auto found = keys_.find(std::string(storage_name)); found != keys_.end()) {
    visit(found->second);
  }
  for (const std::string& tag : tags) {
    if (const auto found = tags_.find(tag); found != tags_.end()) {
      visit(found->second);
    }
    if (const std::string_view part = config::origin_part(tag); !part.empty()) {
      if (const auto found = tags_.find(std::string(part)); found != tags_.end()) {
        visit(found->second);
      }
    }
  }
  for (const auto& [prefix, rules] : prefixes_) {
    if (storage_name.starts_with(prefix)) {
      visit(rules);
    }
  }
  for (const auto& [pattern, rules] : patterns_) {
    if (fits_pattern(storage_name, pattern)) {
      visit(rules);
    }
  }
}

PurgeVerdict PurgeBook::judge(std::string_view storage_name, entry::Header& header) const {
  PurgeVerdict verdict = PurgeVerdict::kept;
  if (count_ == 0) {
    return verdict;
  }
  visit(storage_name, header.tags, [&](const Rules& rules) { judge_by(rules, header, verdict); });
  return verdict;
}

std::uint64_t PurgeBook::generation(std::string_view storage_name,
                                    const std::vector<std::string>& tags) const {
  std::uint64_t newest = 0;
  if (count_ == 0) {
    return newest;
  }
  visit(storage_name, tags,
        [&](const Rules& rules) { newest = std::max({newest, rules.hard.sequence, rules.soft.sequence}); });
  return newest;
}

bool fits_pattern(std::string_view text, std::string_view pattern) {
  // Where to go on when the run behind the last * has to be longer.
  std::size_t retry_pattern = std::string_view::npos;
  std::size_t retry_text = 0;
  std::size_t at = 0;
  std::size_t expected = 0;
  while (at < text.size()) {
    if (expected < pattern.size() && pattern[expected] == '*') {
      retry_pattern = ++expected;
      retry_text = at;
    } else if (expected < pattern.size() && pattern[expected] == text[at]) {
      ++expected;
      ++at;
    } else if (retry_pattern != std::string_view::npos) {
      expected = retry_pattern;
      at = ++retry_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', expected) == std::string_view::npos;
}

}  // namespace larder::policy
