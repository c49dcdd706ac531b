// The form in which two spellings of one name, title or subject are equal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace larder {

// Host::normal_text: Unicode in compatibility decomposition (NFKD) and lower case.
using NormalText = std::function<std::string(std::string_view)>;

// Words with one space between them, in lower case. Diacritics of Latin letters and all punctuation are gone,
// ß is ss, ø is o and so on, apostrophes join ("o'brien" is "obrien"), and letters that stand alone are
// joined
// ("J.R.R.", "J. R. R." and "JRR" are all "jrr"). Diacritics of other scripts stay, where they make another
// letter. "" if nothing is left. `text` is UTF-8; of ASCII the platform is not asked.
std::string comparison_form(std::string_view text, const NormalText& normal_text);

}  // namespace larder
