#include "agent/runtime/docker/json_filter.h"

#include <algorithm>
#include <utility>

#include "agent/runtime/docker/codes.h"

namespace skerry::agent::docker {
namespace {

/// What jansson 2.14 takes on a 64-bit machine, with the allocator's share: a text, number or word
/// and its place in an array; what an object or array takes besides; and a member's entry.
constexpr std::size_t value_memory = 128;
constexpr std::size_t container_memory = 128;
constexpr std::size_t member_memory = 96;
/// A byte of text is held as text, in the tree, and in the value that is read from it.
constexpr std::size_t text_copies = 3;

/// Where the brace that opens `text` is closed.
std::size_t closing_brace(std::string_view text) {
  std::size_t depth = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    depth += text[at] == '{' ? 1U : 0U;
    depth -= text[at] == '}' ? 1U : 0U;
    if (depth == 0) {
      break;
    }
  }
  return at;
}

/// What is wanted of member `name`; nothing where the member itself is not.
std::optional<std::string_view> member_of(std::string_view wanted, std::string_view name) {
  if (wanted.empty()) {
    return wanted;
  }
  while (!wanted.empty()) {
    const auto item = wanted.substr(0, wanted.find_first_of(",{"));
    wanted.remove_prefix(item.size());
    std::string_view inner;
    if (wanted.starts_with('{')) {
      const auto end = closing_brace(wanted);
      inner = wanted.substr(1, end - 1);
      wanted.remove_prefix(std::min(wanted.size(), end + 1));
    }
    if (item == name || item == "*") {
      return inner;
    }
    wanted.remove_prefix(wanted.starts_with(',') ? 1 : 0);
  }
  return std::nullopt;
}

bool is_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/// Of a number, true, false or null; whether it is one, the parser says.
bool is_word(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '+' || byte == '.';
}

}  // namespace

JsonFilter::JsonFilter(Wanted wanted) : memory_max_(wanted.memory_max), wanted_(wanted.members) {}

void JsonFilter::refuse(ErrorCode code, std::string message) {
  problem_ = Error{.kind = ErrorKind::invalid, .code = code, .message = std::move(message)};
}

void JsonFilter::refuse_grammar() {
  refuse(runtime_reply_invalid, "the engine's reply is not JSON at byte " + std::to_string(size_));
}

bool JsonFilter::fits(std::size_t more) {
  memory_ += more;
  if (memory_ <= memory_max_) {
    return true;
  }
  refuse(runtime_reply_too_large,
         "the engine's reply would take more than " + std::to_string(memory_max_ / 1024) +
             " KiB of memory");
  return false;
}

Status JsonFilter::feed(std::string_view bytes) {
  while (!bytes.empty() && !problem_) {
    const bool in_text = token_ == Token::name || token_ == Token::text;
    const std::size_t used = in_text ? read_text(bytes) : 1;
    size_ += used;
    if (!in_text) {
      read(bytes.front());
    }
    bytes.remove_prefix(used);
  }
  return problem_ ? Status(fail(*problem_)) : Status();
}

/// As far as the text goes within `bytes`, its closing quote included.
std::size_t JsonFilter::read_text(std::string_view bytes) {
  std::size_t size = 0;
  bool closed = false;
  while (size < bytes.size() && !closed) {
    const char byte = bytes[size++];
    closed = byte == '"' && !escaped_;
    escaped_ = byte == '\\' && !escaped_;
  }
  const auto piece = bytes.substr(0, size - (closed ? 1U : 0U));
  if (token_ == Token::name && frames_.back().kept) {
    // What it costs is counted once it is known to be wanted.
    name_ += piece.substr(0, std::min(piece.size(), memory_max_ / text_copies - name_.size()));
  } else if (token_ == Token::text && kept_ && fits(piece.size() * text_copies)) {
    text_ += piece;
  }
  if (closed && std::exchange(token_, Token::none) == Token::name) {
    end_name();
  } else if (closed) {
    text_ += kept_ ? "\"" : "";
    end_value();
  }
  return size;
}

void JsonFilter::read(char byte) {
  if (token_ == Token::word && is_word(byte)) {
    text_ += kept_ && fits(text_copies) ? std::string_view(&byte, 1) : "";
    return;
  }
  if (std::exchange(token_, Token::none) == Token::word) {
    end_value();
  }
  if (is_space(byte)) {
    return;
  }
  switch (byte) {
    case '{':
      return open('}');
    case '[':
      return open(']');
    case '}':
    case ']':
      return close(byte);
    case ',':
      return comma();
    case ':':
      return std::exchange(next_, Next::value) == Next::colon ? void() : refuse_grammar();
    case '"':
      return open_text();
    default:
      return is_word(byte) ? open_value(Token::word, byte) : refuse_grammar();
  }
}

void JsonFilter::open_text() {
  if (next_ != Next::name && next_ != Next::name_or_end) {
    return open_value(Token::text, '"');
  }
  token_ = Token::name;
  name_.clear();
}

void JsonFilter::open_value(Token token, char byte) {
  if (begin_value()) {
    token_ = token;
    text_ += kept_ ? std::string_view(&byte, 1) : "";
  }
}

/// Decides whether the value that begins here is kept, and writes what stands before it.
bool JsonFilter::begin_value() {
  if (next_ != Next::value && next_ != Next::value_or_end) {
    refuse_grammar();
    return false;
  }
  if (frames_.empty()) {
    return fits(value_memory);
  }
  Frame& frame = frames_.back();
  const bool is_member = frame.end == '}';
  if (!is_member) {
    kept_ = frame.kept;
    wanted_ = frame.wanted;
  }
  if (!kept_) {
    return true;
  }
  text_ += std::exchange(frame.has_any, true) ? "," : "";
  if (is_member) {
    text_ += '"' + name_ + "\":";
  }
  return fits(value_memory + (is_member ? member_memory + name_.size() * text_copies : 0));
}

void JsonFilter::end_value() {
  next_ = frames_.empty() ? Next::nothing : Next::comma;
}

void JsonFilter::end_name() {
  const Frame& frame = frames_.back();
  const auto wanted = frame.kept ? member_of(frame.wanted, name_) : std::nullopt;
  kept_ = wanted.has_value();
  wanted_ = wanted.value_or("");
  next_ = Next::colon;
}

void JsonFilter::open(char end) {
  if (frames_.size() == json_depth_max) {
    return refuse(runtime_reply_invalid, "the engine's reply is nested too deep");
  }
  if (!begin_value() || (kept_ && !fits(container_memory))) {
    return;
  }
  frames_.push_back({.end = end, .kept = kept_, .wanted = wanted_});
  text_ += !kept_ ? "" : end == '}' ? "{" : "[";
  next_ = end == '}' ? Next::name_or_end : Next::value_or_end;
}

void JsonFilter::close(char end) {
  const auto empty = end == '}' ? Next::name_or_end : Next::value_or_end;
  if (frames_.empty() || frames_.back().end != end || (next_ != Next::comma && next_ != empty)) {
    return refuse_grammar();
  }
  text_ += frames_.back().kept ? std::string_view(&end, 1) : "";
  frames_.pop_back();
  end_value();
}

void JsonFilter::comma() {
  if (frames_.empty() || next_ != Next::comma) {
    return refuse_grammar();
  }
  next_ = frames_.back().end == '}' ? Next::name : Next::value;
}

Result<Json> JsonFilter::end() {
  if (!problem_ && next_ != Next::nothing) {
    refuse_grammar();
  }
  if (problem_) {
    return fail(*problem_);
  }
  auto tree = Json::read(text_);
  if (!tree) {
    refuse(runtime_reply_invalid, "the engine's reply is not JSON");
    return fail(*problem_);
  }
  return *std::move(tree);
}

Result<Json> parse_json(std::string_view text, Wanted wanted) {
  JsonFilter filter(wanted);
  SKERRY_CHECK(filter.feed(text));
  return filter.end();
}

}  // namespace skerry::agent::docker
