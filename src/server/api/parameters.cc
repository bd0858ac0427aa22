#include "server/api/parameters.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "server/api/codes.h"

namespace skerry::api {

namespace {

/// The parameters that take one of a few words.
struct Choice {
  std::string_view name;
  std::string_view words;
};

constexpr std::array choices{Choice{"dryRun", "server,true,All,false"},
                             Choice{"watch", "true,false"}};

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  for (const std::string_view word : split(list, ',')) {
    words.emplace_back(word);
  }
  return words;
}

Status refused(std::string message, std::string hint) {
  return fail({.kind = ErrorKind::invalid,
               .code = bad_parameter,
               .message = std::move(message),
               .hint = std::move(hint)});
}

Status unknown(const std::string& name, const std::vector<std::string>& known) {
  std::string hint;
  if (const std::optional<std::string> meant = nearest(name, known)) {
    hint = "did you mean \"" + *meant + "\"?";
  }
  return refused("\"" + name + "\" is no parameter of this path", std::move(hint));
}

Status check_word(const net::Header& parameter) {
  const auto* choice = std::ranges::find(choices, parameter.name, &Choice::name);
  if (choice == choices.end()) {
    return {};
  }
  const std::vector<std::string> words = words_of(choice->words);
  if (std::ranges::find(words, parameter.value) != words.end()) {
    return {};
  }
  return refused("\"" + parameter.value + "\" is no word for " + parameter.name,
                 "one of " + std::string(choice->words));
}

}  // namespace

Status check_parameters(const auth::Route& route, const std::vector<net::Header>& query) {
  const std::vector<std::string> known =
      route.parameters.empty() ? std::vector<std::string>() : words_of(route.parameters);
  for (const net::Header& parameter : query) {
    if (std::ranges::find(known, parameter.name) == known.end()) {
      return unknown(parameter.name, known);
    }
    if (std::ranges::count(query, parameter.name, &net::Header::name) > 1) {
      return refused("\"" + parameter.name + "\" is given more than once", {});
    }
    SKERRY_CHECK(check_word(parameter));
  }
  return {};
}

}  // namespace skerry::api
