// What the columns of an uploaded list hold: told by its headers, or else by the deployment's model.
#pragma once

#include <string>

#include "booklist/book_list.h"
#include "host/task.h"
#include "operators/operator_context.h"

namespace larder::operators {

// A list, and how it was understood.
struct UnderstoodList {
  booklist::BookList list;
  // JSON: {"format": "Goodreads"}, or {"format": "model", "columns": {"author": ["Verfasser"], …}}.
  std::string how;

  UnderstoodList() {}
};

// `file` outlives the call. Errors: as booklist::read_book_list; where the headers are not known and a model
// was asked in vain, the message says so.
host::Task<Result<UnderstoodList>> understand_list(host::Context here, const OperatorContext& context,
                                                   std::string_view file);

}  // namespace larder::operators
