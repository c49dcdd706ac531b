#include "warm/job_book.h"

#include "base/assert.h"
#include "base/json_writer.h"
#include "config/limits.h"
#include "host/operations.h"

namespace larder::warm {

namespace {

void write_references(JsonWriter& json, const std::vector<Account>& accounts) {
  json.key("items").begin_array();
  for (const Account& account : accounts) {
    json.begin_object().key("job").value(account.job).key("key").value(account.key);
    json.key("remaining").value(account.remaining).key("outcome").value(to_text(account.outcome));
    json.key("works").value(account.works).key("reason").value(account.reason);
    json.key("message").value(account.message).end_object();
  }
  json.end_array();
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::processed:
      return "processed";
    case Outcome::skipped:
      return "skipped";
    case Outcome::failed:
      return "failed";
  }
  LARDER_UNREACHABLE();
}

void write_items(JsonWriter& json, const std::vector<Item>& items) {
  json.key("items").begin_array();
  for (const Item& item : items) {
    json.begin_object().key("key").value(item.key).key("name").value(item.name);
    json.key("depth").value(item.depth).key("maxDepth").value(item.depth_max);
    json.key("source").value(to_text(item.source)).end_object();
  }
  json.end_array();
}

host::Task<Result<config::JsonText>> JobBook::call(host::Context here, std::string method,
                                                   std::string argument) const {
  const auto patience = static_cast<std::uint64_t>(config::limit::object_patience.count());
  const auto called =
      co_await host::object_call(here, "WARMING_JOBS", settings_.cache_prefix, method, argument, patience);
  if (!called) {
    co_return tl::make_unexpected(called.error());
  }
  auto parsed = config::JsonText::parse(called->result);
  if (!parsed) {
    co_return fail(ErrorKind::corrupt, "jobs", "The jobs' answer is no JSON.");
  }
  co_return std::move(*parsed);
}

host::Task<Result<std::vector<bool>>> JobBook::begin(host::Context here,
                                                     std::vector<Account> references) const {
  JsonWriter json;
  json.begin_object().key("now").value(millis_since_epoch(here.host().now()));
  write_references(json, references);
  std::string argument = json.end_object().text();
  const auto said = co_await call(here, "begin", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  std::vector<bool> open;
  for (const config::JsonText& flag : said->items("open")) {
    open.push_back(flag.json() == "true");
  }
  if (open.size() != references.size()) {
    co_return fail(ErrorKind::corrupt, "jobs", "The jobs' answer is not complete.");
  }
  co_return open;
}

host::Task<Result<config::JsonText>> JobBook::settle(host::Context here,
                                                     std::vector<Account> accounts) const {
  JsonWriter json;
  json.begin_object().key("now").value(millis_since_epoch(here.host().now()));
  write_references(json, accounts);
  std::string argument = json.end_object().text();
  auto said = co_await call(here, "settle", std::move(argument));
  co_return said;
}

host::Task<Result<std::vector<std::size_t>>> JobBook::discover(host::Context here, std::string job,
                                                               std::string parent,
                                                               std::vector<Item> items) const {
  JsonWriter json;
  json.begin_object().key("now").value(millis_since_epoch(here.host().now()));
  json.key("job").value(job).key("parent").value(parent);
  json.key("itemsMax").value(config::limit::warming_job_items_max);
  write_items(json, items);
  std::string argument = json.end_object().text();
  const auto said = co_await call(here, "discover", std::move(argument));
  if (!said) {
    co_return tl::make_unexpected(said.error());
  }
  std::vector<std::size_t> send;
  for (const config::JsonText& index : said->items("send")) {
    const std::uint64_t at = index.as_number().value_or(items.size());
    if (at < items.size()) {
      send.push_back(static_cast<std::size_t>(at));
    }
  }
  co_return send;
}

}  // namespace larder::warm
