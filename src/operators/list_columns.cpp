#include "operators/list_columns.h"

#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/text.h"
#include "booklist/column_question.h"
#include "config/limits.h"
#include "json/json_text.h"
#include "origin/fetch.h"
#include "origin/llm.h"

namespace larder::operators {

namespace {

constexpr std::string_view list_columns_source = "model";

// Errors: the asking's; corrupt for what is not as it was asked for; as booklist::map_columns.
Result<booklist::ListColumns> read_mapping(const booklist::ListHead& head,
                                           const origin::OriginResult<origin::ModelAnswer>& answer) {
  if (!answer) {
    return tl::make_unexpected(answer.error().error);
  }
  const auto json = json::JsonText::parse(answer->text);
  const auto columns = json ? json->find("columns") : std::nullopt;
  if (!columns || !columns->is_array()) {
    return fail(ErrorKind::corrupt, list_columns_source, "The model's answer does not follow its schema.");
  }
  std::vector<booklist::MappedColumn> mapping;
  for (const json::JsonText& one : columns->as_items()) {
    const auto index = one.find("index");
    const auto number = index ? index->as_number() : std::nullopt;
    const auto column = booklist::find_column(one.text("column"));
    if (!number || !column) {
      return fail(ErrorKind::corrupt, list_columns_source, "The model's answer does not follow its schema.");
    }
    mapping.push_back(booklist::MappedColumn{*column, *number});
  }
  return booklist::map_columns(head, mapping);
}

std::string told_format(const booklist::ListHead& head) {
  JsonWriter json;
  json.begin_object().key("format").value(booklist::to_text(*head.format)).end_object();
  return std::move(json).take();
}

std::string told_columns(const booklist::ListHead& head, const booklist::ListColumns& columns) {
  JsonWriter json;
  json.begin_object().key("format").value("model").key("columns").begin_object();
  for (std::size_t i = 0; i < booklist::list_columns; ++i) {
    const auto column = static_cast<booklist::ListColumn>(i);
    if (!columns.has(column)) {
      continue;
    }
    json.key(booklist::to_text(column)).begin_array();
    for (const std::size_t at : columns.of(column)) {
      json.value(head.headers[at]);
    }
    json.end_array();
  }
  json.end_object().end_object();
  return std::move(json).take();
}

// The refusal of the headers, with what came of asking.
Failure refuse_list(const booklist::ListHead& head, std::string_view remark) {
  Error error = booklist::refuse_headers(head).value();
  error.message.append(" ").append(remark);
  return Failure(std::move(error));
}

}  // namespace

// Not in the unnamed namespace: the older clang makes tail calls of coroutines that it can see through, which
// a module may not have.
namespace unknown_lists {

host::Task<Result<booklist::ListColumns>> ask_for_columns(host::Context here, const OperatorContext& context,
                                                          const booklist::CsvText& text,
                                                          const booklist::ListHead& head,
                                                          const booklist::ListLimits& limits) {
  if (head.headers.size() > booklist::columns_asked_max) {
    co_return refuse_list(head, "It has too many columns to ask a model about them.");
  }
  if (!origin::model_of(context.settings)) {
    co_return refuse_list(head,
                          "Where GEMINI_API_KEY or LLM_URL is set, a model is asked what columns hold.");
  }
  origin::ModelPrompt prompt;
  prompt.instructions = booklist::column_instructions();
  prompt.content = booklist::column_question(text, head, limits);
  prompt.schema = booklist::column_schema(head);
  const auto answer = co_await context.engine.ask_model(here, "list_columns", std::move(prompt),
                                                        config::limit::column_question_timeout);
  auto columns = read_mapping(head, answer);
  if (!columns) {
    const std::string& reason = columns.error().message;
    co_return refuse_list(head, "A model was asked what its columns hold, in vain: " + reason);
  }
  co_return std::move(columns);
}

}  // namespace unknown_lists

host::Task<Result<UnderstoodList>> understand_list(host::Context here, const OperatorContext& context,
                                                   std::string_view file) {
  const booklist::ListLimits limits;
  const auto text = booklist::read_csv_text(file, limits);
  if (!text) {
    co_return tl::make_unexpected(text.error());
  }
  auto head = booklist::read_list_head(*text, limits);
  if (!head) {
    co_return tl::make_unexpected(head.error());
  }
  UnderstoodList understood;
  if (head->format) {
    understood.how = told_format(*head);
  } else {
    auto columns = co_await unknown_lists::ask_for_columns(here, context, *text, *head, limits);
    if (!columns) {
      co_return tl::make_unexpected(columns.error());
    }
    understood.how = told_columns(*head, *columns);
    head->columns = std::move(*columns);
  }
  const NormalText normal_text = host::normal_text_of(here.host());
  auto list = booklist::read_books(*text, *head, head->columns, normal_text, limits);
  if (!list) {
    co_return tl::make_unexpected(list.error());
  }
  understood.list = std::move(*list);
  co_return std::move(understood);
}

}  // namespace larder::operators
