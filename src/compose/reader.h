#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "compose/codes.h"
#include "compose/compile.h"
#include "compose/scalars.h"
#include "compose/value.h"
#include "document/workload.h"
#include "resource/interpolate.h"

/// What every part of the compiler reads with: problems, interpolation, typed scalars. Private to
/// the room.
namespace skerry::compose {

/// Something a file declares at its top level, which services refer to by its key.
template <class T>
struct Declaration {
  T value = {};
  resource::Mark at = {};
  bool used = false;
};

template <class T>
using Declarations = std::map<std::string, Declaration<T>, std::less<>>;

/// What services may refer to; complete before the first service is read.
struct Scope {
  std::string project = {};
  /// Each with its place in the file.
  std::map<std::string, std::size_t, std::less<>> services = {};
  Declarations<document::Network> networks = {};
  Declarations<document::Volume> volumes = {};
  Declarations<document::Config> configs = {};
};

/// Reads values, collecting every problem instead of stopping at the first. What returns an
/// optional returns nothing where it has already reported why.
class Reader {
 public:
  explicit Reader(const CompileInput& input);

  void error(ErrorCode code, const Value& value, std::string message, std::string hint = {});
  /// The same, at the key of the entry rather than at its value.
  void error_at_key(ErrorCode code, const Value& value, std::string message, std::string hint = {});
  /// Adds position and path to an error that has none.
  void error(const Value& value, Error error);
  /// For what has no value to point at.
  void error_at(Error error, resource::Mark at);
  void warn(ErrorCode code, const Value& value, std::string message, std::string hint = {});
  void warn_at(ErrorCode code, resource::Mark at, std::string path, std::string message);

  /// The value of a `Result` about `value`, or nothing after reporting its error there.
  template <class T>
  std::optional<T> take(const Value& value, Result<T> result) {
    if (!result) {
      error(value, std::move(result).error());
      return std::nullopt;
    }
    return *std::move(result);
  }

  bool is_mapping(const Value& value);
  /// @param wanted  what may stand there, where that is more than a list
  bool is_list(const Value& value, std::string_view wanted = "a list");

  /// A string whose variables may differ by site: those become slots.
  std::optional<document::Text> text(const Value& value);
  /// The same for a string, number or truth value, as it is written.
  std::optional<document::Text> scalar_text(const Value& value);
  /// A string that is the same everywhere.
  std::optional<std::string> string(const Value& value);
  /// A string or number, the same everywhere: "80" and 80 are alike.
  std::optional<std::string> scalar(const Value& value);
  std::optional<bool> boolean(const Value& value);
  std::optional<std::uint64_t> integer(const Value& value, std::uint64_t max);
  std::optional<std::uint64_t> duration_ms(const Value& value);
  std::optional<std::uint64_t> bytes(const Value& value);
  /// One of `words`, by its place among them.
  std::optional<std::size_t> word(const Value& value, std::span<const std::string_view> words);
  std::vector<std::string> string_list(const Value& value);
  /// A single string, or a list of them.
  std::vector<std::string> string_or_list(const Value& value);

  /// The value a variable alone has, as `environment: [NAME]` takes it; nothing where it is unset.
  std::optional<document::Text> variable(const Value& value, std::string_view name);

  /// Gives every slot its final place: sorted by expression, only those in use.
  void settle_slots(document::Workload& workload) const;

  /// Takes `count` from the ports a file may expand to; false where there are not that many left.
  bool take_ports(std::size_t count);

  [[nodiscard]] bool has_errors() const { return !output_.errors.empty(); }

  /// Hints are looked for only while they are still shown: each costs a walk over all names.
  [[nodiscard]] bool wants_hints() const { return output_.errors.size() < errors_max; }

  [[nodiscard]] CompileOutput take_output() { return std::move(output_); }

  Scope scope = {};

 private:
  enum class Accepts : std::uint8_t { strings, scalars };
  enum class Slots : std::uint8_t { allowed, refused };

  std::optional<document::Text> interpolate(const Value& value, Accepts accepts, Slots slots);
  std::optional<document::Text> fill(const Value& value, Slots slots);
  bool append_literal(const Value& value, const resource::TemplatePart& part, document::Text& text);
  bool append_slot(const Value& value, const resource::TemplatePart& part, document::Text& text);
  void refuse_site_scoped(const Value& value, std::string_view name);
  [[nodiscard]] bool is_site_scoped(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> lookup(std::string_view name) const;
  bool take_expanded(const Value& value, std::size_t count);
  bool check_type(const Value& value, Accepts accepts);

  std::string file_;
  std::map<std::string, Variable, std::less<>> variables_;
  std::map<std::string, std::uint32_t, std::less<>> slots_;
  std::size_t expanded_left_;
  std::size_t ports_left_;
  CompileOutput output_;
};

/// "did you mean 'web'?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace skerry::compose
