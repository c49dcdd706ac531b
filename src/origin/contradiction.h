// Whether the books of a reply are those that were asked for. Origins search by likeness, and answer with
// something else rather than with nothing.
#pragma once

#include <vector>

#include "base/comparison.h"
#include "origin/provider.h"
#include "origin/work.h"

namespace larder::origin {

// Nothing in the works speaks for the question, and something in all of them against it:
//   title    no work has half of the title's words in its title and subtitle
//   author   no work names somebody who shares a word of three letters or more with the name
//   isbn     no work carries the number (those that carry others have been left out)
//   subject  never: what a book is about is said in many words
// Such a reply may still be right: a title in another language, a name in another script. `normal_text` is
// Host::normal_text. No works contradict nothing.
bool contradicts(const Lookup& lookup, const std::vector<Work>& works, const NormalText& normal_text);

}  // namespace larder::origin
