#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/fields.h"

namespace skerry::document {

inline constexpr ErrorCode malformed{"malformed"};
inline constexpr ErrorCode too_large{"too_large"};
/// The document uses a field or a word that this build does not know.
inline constexpr ErrorCode capability{"capability"};

/// What a reader spends at most on one document, whatever it claims.
struct DecodeLimits {
  std::size_t bytes_max = 1024 * 1024;
  /// Strings and messages in all; a document of a million empty ones would cost hundreds of MiB.
  std::uint32_t elements_max = 50'000;
};

/// The codec itself is one engine without templates (codec.cc), because the agent is held to 6 MB
/// and code for each message would be a tenth of ours. What it must know of a C++ type stands in
/// the tables below; they are all that is made for each type.
namespace detail {

class FieldList;

/// Lists the fields of the message at `message`.
using Describe = void (*)(const void* message, FieldList& fields);

/// What one value is on the wire.
struct ValueType {
  enum class Kind : std::uint8_t { boolean, number32, number64, word, text, fixed, message };
  Kind kind = Kind::boolean;
  std::uint64_t word_max = 0;   // word: the highest known.
  std::size_t size_bytes = 0;   // fixed: how many.
  Describe describe = nullptr;  // message: its fields.
};

/// What a member is: one value, or a holder of values that these functions reach into.
struct MemberType {
  enum class Shape : std::uint8_t { one, optional, many };
  Shape shape = Shape::one;
  ValueType value = {};
  std::size_t (*count)(const void* holder) = nullptr;
  const void* (*at)(const void* holder, std::size_t index) = nullptr;
  void* (*add)(void* holder) = nullptr;
};

template <Message T>
void describe(const void* message, FieldList& fields);

template <class T>
constexpr ValueType value_type() {
  using Kind = ValueType::Kind;
  if constexpr (std::same_as<T, bool>) {
    return {.kind = Kind::boolean};
  } else if constexpr (Number<T>) {
    return {.kind = sizeof(T) == sizeof(std::uint64_t) ? Kind::number64 : Kind::number32};
  } else if constexpr (Enum<T>) {
    static_assert(sizeof(T) == 1, "the engine reads and writes a word as one byte");
    return {.kind = Kind::word, .word_max = static_cast<std::uint64_t>(T::known_max)};
  } else if constexpr (std::same_as<T, std::string>) {
    return {.kind = Kind::text};
  } else if constexpr (FixedBytes<T>) {
    static_assert(std::is_standard_layout_v<T> && sizeof(T) == sizeof(T::bytes));
    return {.kind = Kind::fixed, .size_bytes = sizeof(T)};
  } else {
    static_assert(Message<T>);
    return {.kind = Kind::message, .describe = &describe<T>};
  }
}

template <class T>
inline constexpr MemberType member_type{.value = value_type<T>()};

template <class T>
inline constexpr MemberType member_type<std::optional<T>>{
    .shape = MemberType::Shape::optional,
    .value = value_type<T>(),
    .count = [](const void* holder) -> std::size_t {
      return static_cast<const std::optional<T>*>(holder)->has_value() ? 1 : 0;
    },
    .at = [](const void* holder, std::size_t) -> const void* {
      return std::addressof(**static_cast<const std::optional<T>*>(holder));
    },
    .add = [](void* holder) -> void* {
      return std::addressof(static_cast<std::optional<T>*>(holder)->emplace());
    }};

template <class T>
inline constexpr MemberType member_type<std::vector<T>>{
    .shape = MemberType::Shape::many,
    .value = value_type<T>(),
    .count = [](const void* holder) { return static_cast<const std::vector<T>*>(holder)->size(); },
    .at = [](const void* holder, std::size_t index) -> const void* {
      return static_cast<const std::vector<T>*>(holder)->data() + index;
    },
    .add = [](void* holder) -> void* {
      return std::addressof(static_cast<std::vector<T>*>(holder)->emplace_back());
    }};

/// One member of one message value.
struct Field {
  std::uint32_t number = 0;
  std::string_view name = {};
  const void* member = nullptr;
  const MemberType* type = nullptr;
};

/// The fields of one message value, in ascending order of number.
class FieldList {
 public:
  /// Field numbers stay below it.
  static constexpr std::uint32_t number_max = 64;

  template <class Member>
  void operator()(std::uint32_t number, std::string_view name, const Member& member) {
    add({number, name, std::addressof(member), &member_type<Member>});
  }

  [[nodiscard]] const Field* begin() const { return fields_; }

  [[nodiscard]] const Field* end() const { return fields_ + size_; }

 private:
  void add(const Field& field);

  Field fields_[number_max];
  std::size_t size_ = 0;
};

template <Message T>
void describe(const void* message, FieldList& fields) {
  T::fields(*static_cast<const T*>(message), fields);
}

std::string encode(const void* message, Describe describe);

/// What a reader is told of the message it fills.
struct Target {
  std::string_view type_name;
  void* message = nullptr;
  Describe describe = nullptr;
};

Status decode(std::string_view bytes, DecodeLimits limits, const Target& target);

}  // namespace detail

/// The one encoding of `message`: equal values give equal bytes.
template <Message T>
std::string encode(const T& message) {
  return detail::encode(&message, &detail::describe<T>);
}

/// Reads a message strictly: every byte must be understood, and `encode` of the result gives the
/// same bytes. `malformed`, `too_large`, or `capability` where a field or word is unknown.
template <Message T>
Result<T> decode(std::string_view bytes, DecodeLimits limits = {}) {
  T message;
  SKERRY_CHECK(detail::decode(bytes, limits, {T::type_name, &message, &detail::describe<T>}));
  return message;
}

}  // namespace skerry::document
