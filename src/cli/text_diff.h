#pragma once

#include <string>
#include <string_view>

namespace skerry::cli {

/// The lines that differ between two texts, with three lines around each change, as `diff -u`
/// shows them: " same", "-gone", "+new". Empty where the texts are equal.
///
/// Beyond 4,000 differing lines on a side the whole middle is shown as replaced.
std::string text_diff(std::string_view before, std::string_view after);

}  // namespace skerry::cli
