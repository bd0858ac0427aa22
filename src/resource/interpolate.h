#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The `${…}` grammar of the Compose Specification: parsed once by the compiler, and again for each
/// site when a slot is filled, so that both sides read an expression alike.
namespace skerry::resource {

inline constexpr ErrorCode bad_interpolation{"bad_interpolation"};
/// `${X:?message}` of a variable that is not there.
inline constexpr ErrorCode variable_required{"variable_required"};
/// The text would grow beyond its cap.
inline constexpr ErrorCode expansion_too_large{"expansion_too_large"};

/// Literal text, or one variable with what to do where it is missing.
struct TemplatePart {
  enum class Operator : std::uint8_t {
    none,               // ${X}
    default_if_empty,   // ${X:-argument}
    default_if_unset,   // ${X-argument}
    require_not_empty,  // ${X:?argument}
    require_set,        // ${X?argument}
    replace_not_empty,  // ${X:+argument}
    replace_set,        // ${X+argument}
  };

  std::string literal = {};  // Where `name` is empty.
  std::string name = {};
  Operator op = Operator::none;
  std::vector<TemplatePart> argument = {};
  std::string source = {};  // As written, always with braces; empty for literal text.
};

using Template = std::vector<TemplatePart>;

/// Reads `$X`, `${X}`, every operator with nested arguments, and `$$` for one dollar sign.
///
/// @return `invalid` with `bad_interpolation`, without a position
Result<Template> parse_template(std::string_view text);

/// The value of a variable, or nothing where it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Expansion {
  std::string text = {};
  /// Variables that were not set and had no operator to say what then; in order, with repeats.
  std::vector<std::string> unset = {};
};

/// Fills in the variables.
///
/// @param bytes_max  of the text made, nested arguments included
/// @return `invalid` with `variable_required` or `expansion_too_large`, without a position
Result<Expansion> expand(std::span<const TemplatePart> parts,
                         const Lookup& lookup,
                         std::size_t bytes_max);

/// The first variable for which `wanted` is true, wherever in the template it stands; empty if
/// there is none. Valid as long as the parts.
std::string_view find_variable(std::span<const TemplatePart> parts,
                               const std::function<bool(std::string_view)>& wanted);

/// Whether a variable may have that name: a letter or `_`, then letters, digits and `_`.
bool is_variable_name(std::string_view name);

}  // namespace skerry::resource
