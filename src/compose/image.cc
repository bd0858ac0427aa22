#include <algorithm>

#include "base/text.h"
#include "compose/scalars.h"

namespace skerry::compose {
namespace {

bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_word(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Letters and digits with single separators between them.
bool is_path_component(std::string_view text) {
  return !text.empty() && is_lower(text.front()) && is_lower(text.back()) &&
         std::ranges::all_of(
             text, [](char c) { return is_lower(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_domain(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view("0") : text.substr(colon + 1);
  return !host.empty() && parse_unsigned(port) &&
         std::ranges::all_of(host, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

/// Whether the first component of a name is a registry, as the reference grammar decides it.
bool looks_like_domain(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 128 && is_word(tag.front()) &&
         std::ranges::all_of(tag, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_sha256(std::string_view digest) {
  constexpr std::string_view prefix = "sha256:";
  return digest.starts_with(prefix) && digest.size() == prefix.size() + 64 &&
         std::ranges::all_of(digest.substr(prefix.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

/// The grammar of github.com/distribution/reference, without its rarer digest algorithms.
Status check_image(std::string_view image) {
  const auto refuse = [&](std::string_view why) {
    return fail(
        invalid("'" + std::string(image.substr(0, 80)) + "' is not an image: " + std::string(why)));
  };
  if (image.empty() || image.size() > 512) {
    return refuse("it is empty or longer than 512 bytes");
  }
  std::string_view name = image;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    if (!is_sha256(name.substr(at + 1))) {
      return refuse("what follows '@' is not a sha256 digest");
    }
    name = name.substr(0, at);
  }
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    if (!is_tag(name.substr(colon + 1))) {
      return refuse("its tag is empty or has a character that no tag has");
    }
    name = name.substr(0, colon);
  }
  std::vector<std::string_view> components = split(name, '/');
  if (components.size() > 1 && looks_like_domain(components.front())) {
    if (!is_domain(components.front())) {
      return refuse("its registry is not a host name");
    }
    components.erase(components.begin());
  }
  if (!std::ranges::all_of(components, is_path_component)) {
    return refuse("a name is lower-case letters and digits, separated by . _ - or /");
  }
  return {};
}

}  // namespace skerry::compose
