#include "resource/interpolate.h"

#include <algorithm>
#include <array>
#include <utility>

namespace skerry::resource {
namespace {

using Operator = TemplatePart::Operator;

/// Defaults in defaults in defaults: nobody needs more, and it bounds the recursion.
constexpr int depth_max = 16;

bool starts_name(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

Error bad(std::string message) {
  return {.kind = ErrorKind::invalid,
          .code = bad_interpolation,
          .message = std::move(message),
          .hint = "write $$ for a dollar sign"};
}

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : text_(text) {}

  Result<Template> parse_all() { return parse(0); }

 private:
  /// @param depth  0 for the whole text; above that it ends at the brace that closes it
  Result<Template> parse(int depth) {
    Template parts;
    std::string literal;
    while (at_ < text_.size() && !(depth > 0 && text_[at_] == '}')) {
      if (text_[at_] != '$') {
        literal += text_[at_++];
      } else if (text_.substr(at_).starts_with("$$")) {
        literal += '$';
        at_ += 2;
      } else {
        flush(parts, literal);
        SKERRY_TRY(TemplatePart variable, parse_variable(depth));
        parts.push_back(std::move(variable));
      }
    }
    flush(parts, literal);
    return parts;
  }

  static void flush(Template& parts, std::string& literal) {
    if (!literal.empty()) {
      parts.push_back({.literal = std::exchange(literal, {})});
    }
  }

  Result<TemplatePart> parse_variable(int depth) {
    const std::size_t begin = at_++;
    const bool braced = at_ < text_.size() && text_[at_] == '{';
    at_ += braced ? 1 : 0;
    TemplatePart part{.name = take_name()};
    if (part.name.empty()) {
      return fail(bad("'" + std::string(text_.substr(begin, at_ + 1 - begin)) +
                      "' does not begin a variable"));
    }
    if (!braced) {
      part.source = "${" + part.name + "}";
      return part;
    }
    SKERRY_CHECK(parse_operator(part, depth));
    if (at_ == text_.size() || text_[at_] != '}') {
      return fail(bad("'${" + part.name + "' is not closed by '}'"));
    }
    ++at_;
    part.source = text_.substr(begin, at_ - begin);
    return part;
  }

  std::string take_name() {
    const std::size_t begin = at_;
    if (at_ < text_.size() && starts_name(text_[at_])) {
      while (at_ < text_.size() && continues_name(text_[at_])) {
        ++at_;
      }
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  Status parse_operator(TemplatePart& part, int depth) {
    struct Sign {
      std::string_view text;
      Operator op;
    };

    static constexpr std::array<Sign, 6> signs{{{":-", Operator::default_if_empty},
                                                {"-", Operator::default_if_unset},
                                                {":?", Operator::require_not_empty},
                                                {"?", Operator::require_set},
                                                {":+", Operator::replace_not_empty},
                                                {"+", Operator::replace_set}}};
    const std::string_view rest = text_.substr(at_);
    const auto* const sign =
        std::ranges::find_if(signs, [&](const Sign& s) { return rest.starts_with(s.text); });
    if (sign == signs.end()) {
      return {};
    }
    if (depth >= depth_max) {
      return fail(bad("'${" + part.name + "' is nested too deep"));
    }
    at_ += sign->text.size();
    part.op = sign->op;
    SKERRY_TRY(part.argument, parse(depth + 1));
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Expander {
 public:
  Expander(const Lookup& lookup, std::size_t bytes_max) : lookup_(lookup), bytes_max_(bytes_max) {}

  Status append(std::span<const TemplatePart> parts) {
    for (const TemplatePart& part : parts) {
      if (part.name.empty()) {
        SKERRY_CHECK(add(part.literal));
      } else {
        SKERRY_CHECK(append_variable(part));
      }
    }
    return {};
  }

  Expansion take() { return std::move(made_); }

 private:
  Status append_variable(const TemplatePart& part) {
    const std::optional<std::string> value = lookup_(part.name);
    const bool usable = value && !(minds_empty(part.op) && value->empty());
    switch (part.op) {
      case Operator::none:
        if (!value) {
          made_.unset.push_back(part.name);
        }
        break;
      case Operator::default_if_empty:
      case Operator::default_if_unset:
        if (!usable) {
          return append(part.argument);
        }
        break;
      case Operator::require_not_empty:
      case Operator::require_set:
        if (!usable) {
          return missing(part);
        }
        break;
      case Operator::replace_not_empty:
      case Operator::replace_set:
        return usable ? append(part.argument) : Status{};
    }
    return add(value.value_or(""));
  }

  static bool minds_empty(Operator op) {
    return op == Operator::default_if_empty || op == Operator::require_not_empty ||
           op == Operator::replace_not_empty;
  }

  Status missing(const TemplatePart& part) {
    Expander message(lookup_, bytes_max_);
    SKERRY_CHECK(message.append(part.argument));
    std::string text = "variable '" + part.name + "' is required";
    if (!message.made_.text.empty()) {
      text += ": " + message.made_.text;
    }
    return fail({.kind = ErrorKind::invalid,
                 .code = variable_required,
                 .message = std::move(text),
                 .hint = "give it a value among the stack's variables"});
  }

  Status add(std::string_view text) {
    if (text.size() > bytes_max_ - made_.text.size()) {
      return fail({.kind = ErrorKind::invalid,
                   .code = expansion_too_large,
                   .message = "its variables make it too large"});
    }
    made_.text += text;
    return {};
  }

  const Lookup& lookup_;
  std::size_t bytes_max_;
  Expansion made_;
};

}  // namespace

Result<Template> parse_template(std::string_view text) {
  return TemplateParser(text).parse_all();
}

Result<Expansion> expand(std::span<const TemplatePart> parts,
                         const Lookup& lookup,
                         std::size_t bytes_max) {
  Expander expander(lookup, bytes_max);
  SKERRY_CHECK(expander.append(parts));
  return expander.take();
}

std::string_view find_variable(std::span<const TemplatePart> parts,
                               const std::function<bool(std::string_view)>& wanted) {
  for (const TemplatePart& part : parts) {
    if (!part.name.empty() && wanted(part.name)) {
      return part.name;
    }
    if (const std::string_view inner = find_variable(part.argument, wanted); !inner.empty()) {
      return inner;
    }
  }
  return {};
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && starts_name(name.front()) && std::ranges::all_of(name, continues_name);
}

}  // namespace skerry::resource
