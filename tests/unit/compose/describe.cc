#include "describe.h"

#include <type_traits>

namespace skerry::compose {
namespace {

using namespace document;

std::string_view word(Port::Protocol value) {
  constexpr std::string_view words[] = {"?", "tcp", "udp", "sctp"};
  return words[static_cast<int>(value)];
}

std::string_view word(Mount::Type value) {
  constexpr std::string_view words[] = {"?", "volume", "bind", "tmpfs"};
  return words[static_cast<int>(value)];
}

std::string_view word(Dependency::Condition value) {
  constexpr std::string_view words[] = {"?", "started", "healthy", "completed_successfully"};
  return words[static_cast<int>(value)];
}

std::string_view word(Service::Restart value) {
  constexpr std::string_view words[] = {"?", "no", "on-failure", "always", "unless-stopped"};
  return words[static_cast<int>(value)];
}

std::string_view word(Service::Init value) {
  constexpr std::string_view words[] = {"?", "off", "on"};
  return words[static_cast<int>(value)];
}

std::string quoted(std::string_view text) {
  if (!text.empty() && text.find_first_of(" \n\t\"[]{},") == std::string_view::npos) {
    return std::string(text);
  }
  std::string made = "\"";
  for (const char c : text) {
    made += c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '"' ? "\\\"" : std::string(1, c);
  }
  return made + "\"";
}

class Describer {
 public:
  explicit Describer(const Workload& workload) : slots_(workload.slots) {}

  template <class T>
  std::string value(const T& value) const {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? "true" : "false";
    } else if constexpr (Enum<T>) {
      return std::string(word(value));
    } else if constexpr (Number<T>) {
      return std::to_string(value);
    } else if constexpr (is_optional<T>) {
      return this->value(*value);
    } else if constexpr (is_vector<T>) {
      return list(value);
    } else if constexpr (Message<T>) {
      return message(value);
    } else {
      return quoted(value);
    }
  }

  std::string value(const Text& text) const {
    std::string made;
    std::size_t at = 0;
    for (const Text::Hole& hole : text.holes) {
      made += text.literal.substr(at, hole.offset - at);
      made += "<" + slots_.at(hole.slot).expression + ">";
      at = hole.offset;
    }
    return quoted(made + text.literal.substr(at));
  }

  std::string value(const Words& words) const { return list(words.words); }

  std::string value(const document::Variable& pair) const {
    return pair.name + "=" + value(pair.value);
  }

  std::string value(const Option& pair) const { return pair.name + "=" + quoted(pair.value); }

  /// "service web" and a line for each field that is not zero.
  template <class T>
  std::string section(std::string_view kind, const T& object) const {
    std::string made;
    T::fields(object, [&](std::uint32_t, std::string_view name, const auto& member) {
      if (made.empty()) {
        made = std::string(kind) + " " + value(member) + "\n";
      } else if (!is_zero(member)) {
        made += "  " + std::string(name) + " " + value(member) + "\n";
      }
    });
    return made;
  }

 private:
  template <class T>
  static bool is_zero(const T& member) {
    return member == T{};
  }

  template <class T>
  std::string list(const std::vector<T>& values) const {
    std::string made;
    for (const T& one : values) {
      made += (made.empty() ? "" : ", ") + value(one);
    }
    return "[" + made + "]";
  }

  template <class T>
  std::string message(const T& object) const {
    std::string made;
    T::fields(object, [&](std::uint32_t, std::string_view name, const auto& member) {
      if (!is_zero(member)) {
        made += (made.empty() ? "" : ", ") + std::string(name) + ": " + value(member);
      }
    });
    return "{" + made + "}";
  }

  const std::vector<Slot>& slots_;
};

}  // namespace

std::string describe(const Workload& workload) {
  const Describer describer(workload);
  std::string made = "project " + workload.project + "\n";
  for (const Service& service : workload.services) {
    made += describer.section("service", service);
  }
  for (const Network& network : workload.networks) {
    made += describer.section("network", network);
  }
  for (const Volume& volume : workload.volumes) {
    made += describer.section("volume", volume);
  }
  for (const Config& config : workload.configs) {
    made += describer.section("config", config);
  }
  return made;
}

std::string describe(const std::vector<Error>& problems) {
  std::string made;
  for (const Error& problem : problems) {
    made += to_string(problem);
    made += problem.hint.empty() ? "\n" : " | " + problem.hint + "\n";
  }
  return made;
}

}  // namespace skerry::compose
