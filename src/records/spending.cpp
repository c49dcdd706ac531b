#include "records/spending.h"

#include "base/mutation.h"
#include "config/limits.h"

namespace larder::records {

namespace {

Key day_key(std::uint32_t day) {
  Key key("day");
  key.number(day);
  return key;
}

void add_to(SpentDay& sum, const SpentDay& more) {
  sum.calls += more.calls;
  sum.prompt_tokens += more.prompt_tokens;
  sum.output_tokens += more.output_tokens;
  sum.microdollars += more.microdollars;
}

}  // namespace

Result<spending::take_results> Spending::take(const spending::take_arguments& asked) {
  const SpentDay spent = row<SpentDay>(day_key(asked.day)).value_or(SpentDay());
  spending::take_results results;
  results.used = spent.calls;
  const bool is_over =
      spent.calls >= asked.calls || (asked.microdollars > 0 && spent.microdollars >= asked.microdollars);
  if (is_over) {
    return results;
  }
  if (!asked.client.empty() && !take_of_client(asked)) {
    results.client_over = 1;
    return results;
  }
  // The day's first call is the time to forget old days.
  if (spent.calls == 0 && asked.day > spending::days_kept) {
    const auto oldest = static_cast<std::uint32_t>(asked.day - spending::days_kept);
    erase_range(Key("day").str(), day_key(oldest).str(), config::limit::rows_at_once);
  }
  SpentDay call;
  call.calls = LARDER_MUTATED(spending_uncounted) ? 0 : 1;
  add(asked.day, call);
  results.allowed = 1;
  results.used += 1;
  return results;
}

bool Spending::take_of_client(const spending::take_arguments& asked) {
  // What one call adds, several of other days go for: so few are kept.
  erase_range(Key("client").str(), Key("client").number(asked.day).str(), spending::client_days_at_once);
  const Key key = Key("client").number(asked.day).text(asked.client);
  NumberRow had = row<NumberRow>(key).value_or(NumberRow());
  if (had.number >= asked.client_calls) {
    return false;
  }
  ++had.number;
  put_row(key, had);
  return true;
}

Result<spending::record_results> Spending::record(const spending::record_arguments& spent) {
  SpentDay more;
  more.prompt_tokens = spent.prompt_tokens;
  more.output_tokens = spent.output_tokens;
  more.microdollars = spent.microdollars;
  add(spent.day, more);
  return spending::record_results();
}

Result<spending::total_results> Spending::total(const spending::total_arguments& asked) {
  spending::total_results results;
  // Days are forgotten in time, so there are never many.
  for (const Row& day :
       store_.range(Range(day_key(asked.since).str(), Key("day").end(), config::limit::rows_at_once))) {
    add_to(results.spent, decode<SpentDay>(day.value).value_or(SpentDay()));
  }
  return results;
}

void Spending::add(std::uint32_t day, const SpentDay& more) {
  SpentDay sum = row<SpentDay>(day_key(day)).value_or(SpentDay());
  add_to(sum, more);
  put_row(day_key(day), sum);
}

}  // namespace larder::records
