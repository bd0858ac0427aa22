#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resource/yaml.h"

/// What the readers of YAML and JSON and the merge step have in common. Private to the room.
namespace skerry::resource {

/// An `invalid` error with its position in `file`.
Error reading_error(ErrorCode code, std::string_view file, Mark at, std::string message);

/// Puts "key." or "[3]" in front of an error's field path, as the readers unwind.
void prepend_path(Error& error, std::string_view key);
void prepend_path(Error& error, std::size_t index);

/// Size, encoding: what can be said of a text before it is read. Takes a byte order mark off.
Result<std::string_view> checked_text(std::string_view text, const ReadOptions& options);

/// A place counting from 1 in the text read, as a place in the outer file.
Mark placed(const ReadOptions& options, Mark inner);

/// What one scalar must keep to, whatever it is for: no NUL, and no number beyond ±(2^53-1).
Status check_scalar(const Node& node, const ReadOptions& options);

/// Refuses a key that is empty, not a scalar, or there twice.
Status check_keys(const std::vector<Node>& keys, const ReadOptions& options);

/// What is left of the caps, counted over everything one text holds.
class Budget {
 public:
  explicit Budget(const ReadOptions& options)
      : options_(options),
        nodes_(options.limits.nodes_max),
        bytes_(options.limits.expanded_bytes_max) {}

  /// For one node that stands at `at`.
  Status take_node(Mark at);
  /// For a copy of `node` wanted at `at`. Stops counting as soon as there is too much.
  Status take_copy(const Node& node, Mark at);

 private:
  bool take_tree(const Node& node);

  const ReadOptions& options_;
  std::size_t nodes_;
  std::size_t bytes_;
};

}  // namespace skerry::resource
