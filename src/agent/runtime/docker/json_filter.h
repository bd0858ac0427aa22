#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/docker/json.h"
#include "base/result.h"

namespace skerry::agent::docker {

/// Deeper replies are refused before the parser, which recurses, sees them.
inline constexpr std::size_t json_depth_max = 48;

/// What one reply may cost in memory: its text, the tree made of it, and the values read from that
/// tree. A container with 500 variables of 100 bytes takes a quarter of it.
inline constexpr std::size_t reply_memory_max = std::size_t{1024} * 1024;
/// The same for a list: about 3,000 containers, 800 volumes or 300 networks of ours.
inline constexpr std::size_t list_memory_max = std::size_t{2048} * 1024;

/// What of a JSON text is kept.
struct Wanted {
  /// Names of members, each with what is wanted of it in braces, or all of it where there are none:
  /// "Id,State{Status,Error},Networks{*{Aliases}}". "*" is any name, an array stands for its
  /// elements, and empty is everything.
  std::string_view members = {};
  /// Bounds what is kept by what it costs once it is a tree.
  std::size_t memory_max = reply_memory_max;
};

/// Reads one JSON text in pieces of any size and keeps only the members that are asked for, so that
/// a stranger's reply costs what its reader needs of it and no more, however long it is.
class JsonFilter {
 public:
  /// @param wanted  its text outlives this
  explicit JsonFilter(Wanted wanted);

  /// The next piece. After a failure there is nothing more to feed.
  ///
  /// @return  `runtime_reply_invalid` where it is no JSON or nested deeper than `json_depth_max`,
  ///          `runtime_reply_too_large`
  Status feed(std::string_view bytes);
  /// What was kept, as a tree; `runtime_reply_invalid` where the text is none or not whole.
  Result<Json> end();

  /// Nothing has come so far but space.
  [[nodiscard]] bool empty() const {
    return next_ == Next::value && frames_.empty() && token_ == Token::none;
  }

 private:
  enum class Next : std::uint8_t { value, value_or_end, name, name_or_end, colon, comma, nothing };
  enum class Token : std::uint8_t { none, name, text, word };

  /// An object or array that is open.
  struct Frame {
    char end = '}';
    bool kept = false;
    bool has_any = false;
    std::string_view wanted = {};
  };

  void read(char byte);
  std::size_t read_text(std::string_view bytes);
  void open_text();
  void open_value(Token token, char byte);
  bool begin_value();
  void end_value();
  void end_name();
  void open(char end);
  void close(char end);
  void comma();
  void refuse(ErrorCode code, std::string message);
  void refuse_grammar();
  bool fits(std::size_t more);

  std::size_t memory_max_;
  std::vector<Frame> frames_;
  Next next_ = Next::value;
  Token token_ = Token::none;
  bool escaped_ = false;
  /// Of the member or element that comes next.
  bool kept_ = true;
  std::string_view wanted_;
  std::string name_ = {};
  std::string text_ = {};
  std::size_t memory_ = 0;
  std::size_t size_ = 0;
  std::optional<Error> problem_ = {};
};

/// Reads one whole JSON text as `JsonFilter` does.
Result<Json> parse_json(std::string_view text, Wanted wanted = {});

}  // namespace skerry::agent::docker
