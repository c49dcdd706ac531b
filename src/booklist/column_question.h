// The question about the columns of a list whose headers are not known, and the form of its answer:
// {"columns": [{"index": 1, "column": "author"}]}. Pure: others decide which model is asked.
#pragma once

#include <string>

#include "booklist/csv.h"
#include "booklist/list_format.h"
#include "booklist/list_limits.h"

namespace larder::booklist {

// Lists with more columns are not asked about: each column costs, and no list of books has as many.
inline constexpr std::size_t columns_asked_max = 64;

// The same for every list.
std::string column_instructions();

// {"columns": [{"index", "header", "samples"}]}: the headers, and fields of the first rows, cut short. It is
// all of the list that leaves Larder.
std::string column_question(const CsvText& text, const ListHead& head, const ListLimits& limits);

// As JSON Schema; of its words those alone that both shapes of models know.
std::string column_schema(const ListHead& head);

}  // namespace larder::booklist
