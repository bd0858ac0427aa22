#include "resource/yaml.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <yaml.h>

#include "resource/codes.h"
#include "resource/reading.h"

namespace skerry::resource {
namespace {

constexpr std::array<std::string_view, 7> core_tags{
    "!!null", "!!bool", "!!int", "!!float", "!!str", "!!seq", "!!map"};
constexpr std::string_view core_prefix = "tag:yaml.org,2002:";

/// Marks a node that stands for an alias until the whole document is there.
constexpr std::uint32_t alias_bit = 1U << 31U;

/// One event of libyaml, freed when it goes.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  ~Event() { yaml_event_delete(&event_); }

  yaml_event_t* get() { return &event_; }

  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

Mark mark_of(const yaml_mark_t& mark) {
  return {.line = static_cast<std::uint32_t>(mark.line + 1),
          .column = static_cast<std::uint32_t>(mark.column + 1)};
}

Node::Style style_of(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      return Node::Style::single_quoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
      return Node::Style::double_quoted;
    case YAML_LITERAL_SCALAR_STYLE:
      return Node::Style::literal;
    case YAML_FOLDED_SCALAR_STYLE:
      return Node::Style::folded;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
      break;
  }
  return Node::Style::plain;
}

/// Bytes of the line break at the front of `text` as libyaml counts lines, 0 where there is none.
std::size_t break_length(std::string_view text) {
  if (text.starts_with("\r\n") || text.starts_with("\xC2\x85")) {
    return 2;
  }
  if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) {
    return 3;
  }
  return text.starts_with('\n') || text.starts_with('\r') ? 1 : 0;
}

/// Where each line of `text` begins.
std::vector<std::size_t> line_starts(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = break_length(text.substr(i, 3));
    i += std::max<std::size_t>(length, 1);
    if (length != 0) {
      starts.push_back(i);
    }
  }
  return starts;
}

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options)
      : text_(text), options_(options), budget_(options) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }

  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  ~Reader() { yaml_parser_delete(&parser_); }

  Result<std::vector<Node>> read_stream();

 private:
  Status next(Event& event);
  Status read_document(Node& root);
  Status read_node(Node& node, const Event& event, std::size_t depth);
  Status read_alias(Node& node, const Event& event);
  Status read_scalar(Node& node, const Event& event);
  Status enter_flow(const Event& event, Mark at);
  Status read_sequence(Node& node, std::size_t depth);
  Status read_mapping(Node& node, std::size_t depth);
  Status read_key(Node& mapping, const Event& event, std::size_t depth);
  Status set_tag(Node& node, std::string_view tag);
  std::uint32_t open_anchor(std::string_view name);
  void close_anchor(std::string_view name, std::uint32_t number);
  Status expand(Node& node);
  std::uint32_t literal_indent(const Node& node, const yaml_mark_t& start);
  [[nodiscard]] Error syntax_error() const;

  [[nodiscard]] Mark place(const yaml_mark_t& mark) const {
    return placed(options_, mark_of(mark));
  }

  [[nodiscard]] Error error(ErrorCode code, Mark at, std::string message) const {
    return reading_error(code, options_.file, at, std::move(message));
  }

  yaml_parser_t parser_{};
  std::string_view text_;
  const ReadOptions& options_;
  Budget budget_;
  std::size_t aliases_ = 0;
  std::size_t flow_depth_ = 0;
  std::uint32_t anchors_ = 0;
  std::map<std::string, std::uint32_t, std::less<>>
      anchor_numbers_;                             // Closed ones, newest by name.
  std::map<std::uint32_t, const Node*> anchored_;  // Filled and used by `expand`.
  std::optional<std::vector<std::size_t>> line_starts_;
};

Result<std::vector<Node>> Reader::read_stream() {
  std::vector<Node> documents;
  while (true) {
    Event event;
    SKERRY_CHECK(next(event));
    if (event->type == YAML_STREAM_END_EVENT) {
      return documents;
    }
    if (event->type == YAML_DOCUMENT_START_EVENT) {
      SKERRY_CHECK(read_document(documents.emplace_back()));
    }
  }
}

Status Reader::next(Event& event) {
  if (yaml_parser_parse(&parser_, event.get()) == 0) {
    return fail(syntax_error());
  }
  return {};
}

Error Reader::syntax_error() const {
  std::string message = parser_.context == nullptr ? "" : std::string(parser_.context) + ": ";
  message += parser_.problem == nullptr ? "out of memory" : parser_.problem;
  // The reader of bytes knows an offset only; the position it stopped at is close.
  const bool marked = parser_.error == YAML_SCANNER_ERROR || parser_.error == YAML_PARSER_ERROR;
  return error(bad_syntax, place(marked ? parser_.problem_mark : parser_.mark), std::move(message));
}

Status Reader::read_document(Node& root) {
  anchor_numbers_.clear();
  anchored_.clear();
  const std::size_t aliases_before = aliases_;
  Event event;
  SKERRY_CHECK(next(event));
  SKERRY_CHECK(read_node(root, event, 1));
  if (aliases_ != aliases_before) {
    SKERRY_CHECK(expand(root));
  }
  return {};
}

Status Reader::read_node(Node& node, const Event& event, std::size_t depth) {
  node.at = place(event->start_mark);
  SKERRY_CHECK(budget_.take_node(node.at));
  if (depth > options_.limits.depth_max) {
    return fail(error(
        too_deep, node.at, "nested deeper than " + std::to_string(options_.limits.depth_max)));
  }
  // The union's first two members are anchor and tag in all three kinds of event.
  if (event->type == YAML_ALIAS_EVENT) {
    return read_alias(node, event);
  }
  const std::string_view anchor = text_of(event->data.scalar.anchor);
  node.anchor = open_anchor(anchor);
  SKERRY_CHECK(set_tag(node, text_of(event->data.scalar.tag)));
  const std::size_t flow_outside = flow_depth_;
  SKERRY_CHECK(enter_flow(event, node.at));
  if (event->type == YAML_SEQUENCE_START_EVENT) {
    SKERRY_CHECK(read_sequence(node, depth));
  } else if (event->type == YAML_MAPPING_START_EVENT) {
    SKERRY_CHECK(read_mapping(node, depth));
  } else {
    SKERRY_CHECK(read_scalar(node, event));
  }
  flow_depth_ = flow_outside;
  close_anchor(anchor, node.anchor);
  return {};
}

Status Reader::enter_flow(const Event& event, Mark at) {
  const bool flow = (event->type == YAML_SEQUENCE_START_EVENT &&
                     event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE) ||
                    (event->type == YAML_MAPPING_START_EVENT &&
                     event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
  if (flow && ++flow_depth_ > options_.limits.flow_depth_max) {
    return fail(error(too_deep,
                      at,
                      "more than " + std::to_string(options_.limits.flow_depth_max) +
                          " brackets inside each other"));
  }
  return {};
}

Status Reader::read_alias(Node& node, const Event& event) {
  if (++aliases_ > options_.limits.aliases_max) {
    return fail(error(too_many_aliases,
                      node.at,
                      "more than " + std::to_string(options_.limits.aliases_max) + " aliases"));
  }
  const auto found = anchor_numbers_.find(text_of(event->data.alias.anchor));
  if (found == anchor_numbers_.end()) {
    return fail(error(bad_alias, node.at, "there is no such anchor before this alias"));
  }
  node.anchor = found->second | alias_bit;
  return {};
}

Status Reader::read_scalar(Node& node, const Event& event) {
  const auto& scalar = event->data.scalar;
  node.style = style_of(scalar.style);
  node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  if (node.style == Node::Style::literal) {
    node.indent = literal_indent(node, event->start_mark);
  }
  return check_scalar(node, options_);
}

Status Reader::read_sequence(Node& node, std::size_t depth) {
  node.kind = Node::Kind::sequence;
  while (true) {
    Event event;
    SKERRY_CHECK(next(event));
    if (event->type == YAML_SEQUENCE_END_EVENT) {
      return {};
    }
    if (Status status = read_node(node.items.emplace_back(), event, depth + 1); !status) {
      prepend_path(status.error(), node.items.size() - 1);
      return status;
    }
  }
}

Status Reader::read_mapping(Node& node, std::size_t depth) {
  node.kind = Node::Kind::mapping;
  while (true) {
    Event key;
    SKERRY_CHECK(next(key));
    if (key->type == YAML_MAPPING_END_EVENT) {
      return check_keys(node.keys, options_);
    }
    SKERRY_CHECK(read_key(node, key, depth));
    Event value;
    SKERRY_CHECK(next(value));
    if (Status status = read_node(node.items.emplace_back(), value, depth + 1); !status) {
      prepend_path(status.error(), node.keys.back().text);
      return status;
    }
  }
}

Status Reader::read_key(Node& mapping, const Event& event, std::size_t depth) {
  Node& key = mapping.keys.emplace_back();
  if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0) {
    return fail(error(bad_key, place(event->start_mark), "a key must be a text, and not empty"));
  }
  return read_node(key, event, depth);
}

Status Reader::set_tag(Node& node, std::string_view tag) {
  if (tag.empty()) {
    return {};
  }
  const bool core = tag.starts_with(core_prefix);
  const std::string name =
      core ? "!!" + std::string(tag.substr(core_prefix.size())) : std::string(tag);
  const auto known = std::ranges::find(core_tags, name);
  const auto allowed = std::ranges::find(options_.tags, name);
  if (known == core_tags.end() && allowed == options_.tags.end()) {
    return fail(error(bad_tag, node.at, "the tag " + name.substr(0, 80) + " is not allowed here"));
  }
  node.tag = known != core_tags.end() ? *known : *allowed;
  return {};
}

std::uint32_t Reader::open_anchor(std::string_view name) {
  return name.empty() ? 0 : ++anchors_;
}

void Reader::close_anchor(std::string_view name, std::uint32_t number) {
  // Known from its end on, so nothing can contain itself.
  if (number != 0) {
    anchor_numbers_[std::string(name)] = number;
  }
}

/// Walks in the order of the text, so what an alias copies is already expanded. The vectors have
/// stopped growing: an anchored node's address stays.
Status Reader::expand(Node& node) {
  if ((node.anchor & alias_bit) != 0) {
    const Node& original = *anchored_.at(node.anchor & ~alias_bit);
    SKERRY_CHECK(budget_.take_copy(original, node.at));
    Node copy = original;
    node = std::move(copy);
    return {};
  }
  for (Node& key : node.keys) {
    SKERRY_CHECK(expand(key));
  }
  for (Node& item : node.items) {
    SKERRY_CHECK(expand(item));
  }
  if (node.anchor != 0) {
    anchored_[node.anchor] = &node;
  }
  return {};
}

/// The columns libyaml took off, found by laying the first line with text over the file's.
std::uint32_t Reader::literal_indent(const Node& node, const yaml_mark_t& start) {
  if (options_.origin.at.line != 0 && options_.origin.indent == Node::no_indent) {
    return Node::no_indent;
  }
  if (!line_starts_) {
    line_starts_ = line_starts(text_);
  }
  std::size_t line = start.line + 1;
  std::string_view rest = node.text;
  for (std::size_t length = break_length(rest); length != 0; length = break_length(rest)) {
    rest.remove_prefix(length);
    ++line;
  }
  if (rest.empty() || line >= line_starts_->size()) {
    return Node::no_indent;
  }
  const std::string_view outer = text_.substr((*line_starts_)[line]);
  const std::size_t inner_spaces = rest.find_first_not_of(' ');
  const std::size_t outer_spaces = outer.find_first_not_of(' ');
  const bool blank = inner_spaces == std::string_view::npos || outer_spaces < inner_spaces;
  const std::uint32_t base = options_.origin.at.line == 0 ? 0 : options_.origin.indent;
  return blank ? Node::no_indent : base + static_cast<std::uint32_t>(outer_spaces - inner_spaces);
}

}  // namespace

Result<std::vector<Node>> read_yaml(std::string_view text, const ReadOptions& options) {
  SKERRY_TRY(const std::string_view checked, checked_text(text, options));
  return Reader(checked, options).read_stream();
}

Result<Node> read_one_yaml(std::string_view text, const ReadOptions& options) {
  SKERRY_TRY(std::vector<Node> documents, read_yaml(text, options));
  if (documents.empty()) {
    return Node{.at = placed(options, {.line = 1, .column = 1})};
  }
  if (documents.size() > 1) {
    return fail(reading_error(
        bad_syntax, options.file, documents[1].at, "a second document where one is wanted"));
  }
  return std::move(documents.front());
}

}  // namespace skerry::resource
