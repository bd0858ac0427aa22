#include <cstddef>
#include <utility>

#include "compose/scalars.h"

namespace skerry::compose {
namespace {

using document::Text;

class WordSplitter {
 public:
  explicit WordSplitter(const Text& line) : line_(line) {}

  Result<std::vector<Text>> split_all() {
    for (std::size_t i = 0; i < line_.literal.size(); ++i) {
      take_holes(i);
      SKERRY_CHECK(take(line_.literal[i]));
    }
    take_holes(line_.literal.size());
    if (escaped_ || quote_ != 0) {
      return fail(invalid(escaped_ ? "it ends in a backslash" : "a quote is not closed"));
    }
    end_word();
    return std::move(words_);
  }

 private:
  /// A hole is part of a word wherever it stands, so a site's value cannot add words.
  void take_holes(std::size_t offset) {
    for (; next_hole_ < line_.holes.size() && line_.holes[next_hole_].offset == offset;
         ++next_hole_) {
      word_.holes.push_back({.offset = static_cast<std::uint32_t>(word_.literal.size()),
                             .slot = line_.holes[next_hole_].slot});
      in_word_ = true;
    }
  }

  Status take(char c) {
    if (escaped_) {
      escaped_ = false;
      return add(c == 't' ? '\t' : c == 'n' ? '\n' : c);
    }
    if (c == '\\' && quote_ != '\'') {
      escaped_ = true;
      in_word_ = true;
      return {};
    }
    if (quote_ != 0) {
      return take_quoted(c);
    }
    return take_bare(c);
  }

  Status take_quoted(char c) {
    if (c == quote_) {
      quote_ = 0;
      return {};
    }
    return add(c);
  }

  Status take_bare(char c) {
    constexpr std::string_view operators = ";&|<>()`";
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      end_word();
      return {};
    }
    if (c == '\'' || c == '"') {
      quote_ = c;
      in_word_ = true;
      return {};
    }
    if (operators.find(c) != std::string_view::npos) {
      return fail(invalid("'" + std::string(1, c) + "' needs a shell, and a command has none",
                          "quote it, or write [sh, -c, \"…\"]"));
    }
    return add(c);
  }

  Status add(char c) {
    word_.literal += c;
    in_word_ = true;
    return {};
  }

  void end_word() {
    if (in_word_) {
      words_.push_back(std::exchange(word_, {}));
      in_word_ = false;
    }
  }

  const Text& line_;
  std::size_t next_hole_ = 0;
  std::vector<Text> words_;
  Text word_;
  bool in_word_ = false;
  bool escaped_ = false;
  char quote_ = 0;
};

}  // namespace

Result<std::vector<Text>> split_words(const Text& line) {
  return WordSplitter(line).split_all();
}

}  // namespace skerry::compose
