#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/uuid.h"

namespace skerry::document {

/// How a document value declares its fields, once, for encoding, strict decoding and explaining.
///
/// A message is an aggregate with a static `fields(self, visit)` that calls
/// `visit(number, name, member)` in ascending order of number. Numbers and names are those of
/// proto/skerry/doc/v1; a test holds the two together.
///
/// What a member's type means on the wire (protobuf encoding):
///   bool, unsigned, enum     varint, left out when zero
///   std::string              bytes or string, left out when empty
///   Digest, Uuid, PublicKey  bytes of exactly that length, left out when all zero
///   a message                always present; its absence is malformed
///   std::optional<message>   present or not
///   std::vector<T>           repeated; unsigned numbers packed
///
/// An enum has `unspecified = 0` and `known_max`, its highest known value.

namespace detail {

struct AnyVisitor {
  template <class Member>
  void operator()(std::uint32_t, std::string_view, Member&) const {}
};

}  // namespace detail

template <class T>
concept Message = requires(T& value) {
  T::fields(value, detail::AnyVisitor{});
};

template <class T>
concept FixedBytes = std::same_as<T, Digest> || std::same_as<T, Uuid> || std::same_as<T, PublicKey>;

template <class T>
concept Enum = std::is_enum_v<T> && requires {
  T::known_max;
};

template <class T>
concept Number = std::same_as<T, std::uint32_t> || std::same_as<T, std::uint64_t>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

}  // namespace skerry::document
