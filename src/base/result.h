#pragma once

#include <utility>

#include <tl/expected.hpp>

#include "base/error.h"

namespace skerry {

/// A value or an `Error`. Ignoring one is a compile error (tl::expected 1.0 lacks nodiscard).
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

/// A `Result` of an operation that has nothing to return.
using Status = Result<void>;

/// Wraps an error for `return`: `return fail({.kind = ErrorKind::invalid, …})`.
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace skerry

#define SKERRY_CONCAT_(a, b) a##b
#define SKERRY_CONCAT(a, b) SKERRY_CONCAT_(a, b)

/// `SKERRY_TRY(const Digest digest, parse_digest(text));` declares the value or returns the error.
#define SKERRY_TRY(declaration, expression) \
  SKERRY_TRY_(SKERRY_CONCAT(skerry_result_, __LINE__), return, declaration, expression)

/// The same inside a coroutine.
#define SKERRY_CO_TRY(declaration, expression) \
  SKERRY_TRY_(SKERRY_CONCAT(skerry_result_, __LINE__), co_return, declaration, expression)

#define SKERRY_TRY_(result, return_word, declaration, expression) \
  auto result = (expression);                                     \
  if (!result) {                                                  \
    return_word ::skerry::fail(std::move(result).error());        \
  }                                                               \
  declaration = *std::move(result)

/// `SKERRY_CHECK(file.sync());` returns the error of a `Status`, if there is one.
#define SKERRY_CHECK(expression)                             \
  if (auto skerry_status = (expression); !skerry_status) {   \
    return ::skerry::fail(std::move(skerry_status).error()); \
  }
