#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::resource {

/// A place in a text. Lines and columns count from 1, columns in characters; 0 means unknown.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend auto operator<=>(const Mark&, const Mark&) = default;
};

/// One value of a YAML or JSON text, as it was written and where.
///
/// Aliases are already replaced by copies that keep the positions of what was anchored. Merge keys
/// are not: `expand_merges` is a step of its own, for the formats that want it.
struct Node {
  enum class Kind : std::uint8_t { scalar, sequence, mapping };

  enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal, folded };

  /// `indent` of a scalar whose lines do not stand one for one in the file.
  static constexpr std::uint32_t no_indent = UINT32_MAX;

  Kind kind = Kind::scalar;
  Style style = Style::plain;        // Of a scalar.
  Mark at = {};                      // Where the value begins; a block scalar at its `|` or `>`.
  std::uint32_t indent = no_indent;  // Columns taken off each line of a literal block.
  std::uint32_t anchor = 0;          // The reader's own.
  std::string_view tag = {};         // As in "!!str" or "!reset"; a constant. Empty if none.
  std::string text = {};             // Of a scalar.
  std::vector<Node> keys = {};       // Of a mapping: scalars, as many as `items`, no two equal.
  std::vector<Node> items = {};      // Of a sequence, or the values of a mapping.

  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }

  [[nodiscard]] bool is_sequence() const { return kind == Kind::sequence; }

  [[nodiscard]] bool is_mapping() const { return kind == Kind::mapping; }

  /// The value of a mapping's key; nullptr where there is none or this is no mapping. Linear.
  [[nodiscard]] const Node* get(std::string_view key) const;
};

/// What a scalar means under the core schema of YAML 1.2: `yes` and `010` are not booleans or
/// octal.
enum class ScalarType : std::uint8_t { null, boolean, integer, number, text };

/// The type of a scalar node by its tag, style and text. `text` for what is not a scalar.
ScalarType type_of(const Node& node);

/// "null", "true or false", "number", "string", "list" or "mapping", for messages.
std::string_view describe(const Node& node);

/// How a text inside a text maps to the outer file: a Compose file inside `compose: |`.
struct Origin {
  Mark at = {};                            // Of the scalar that holds the inner text.
  std::uint32_t indent = Node::no_indent;  // As in `Node`.
};

Origin origin_of(const Node& scalar);

/// The place in the outer file of `inner`, which counts from 1 in the scalar's own text. Exact in
/// a literal block; elsewhere the place of the scalar itself.
Mark outer_mark(const Origin& origin, Mark inner);

struct ReadLimits {
  std::size_t bytes_max = 1024UL * 1024UL;
  std::size_t depth_max = 64;
  std::size_t flow_depth_max =
      32;  // Brackets in brackets: libyaml's time per value grows with them.
  std::size_t nodes_max = 100'000;  // Over all documents, copies of aliases included.
  std::size_t aliases_max = 100;
  std::size_t expanded_bytes_max = 4 * 1024UL * 1024UL;  // Of scalars copied by aliases and merges.
};

struct ReadOptions {
  std::string file = {};  // For the positions in errors.
  Origin origin = {};     // Where `at.line` is not 0, positions are of the outer file.
  std::span<const std::string_view> tags =
      {};  // Allowed beside the core ones; text that is never freed.
  ReadLimits limits = {};
};

/// Reads a stream of YAML documents (YAML 1.1 syntax, 1.2 core types), each with one root.
///
/// Refuses duplicate keys, keys that are not scalars, tags beyond the allowed ones, and plain
/// scalars that are numbers no reader agrees on (beyond ±(2^53-1), infinite, NaN). An empty text
/// has no document. 1 MiB of anything costs under 100 ms and 32 MiB.
///
/// @return `invalid` with the position and a code of codes.h; the first problem ends the reading
Result<std::vector<Node>> read_yaml(std::string_view text, const ReadOptions& options);

/// The same for a text that must hold exactly one document. An empty one reads as null.
Result<Node> read_one_yaml(std::string_view text, const ReadOptions& options);

/// Replaces every `<<` key by the entries of the mapping, or list of mappings, it names. A key that
/// stands in the mapping itself wins, then the earlier of a list (yaml.org/type/merge.html).
Status expand_merges(Node& root, const ReadOptions& options);

}  // namespace skerry::resource
