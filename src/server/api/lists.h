#pragma once

#include <functional>
#include <optional>
#include <string>

#include "resource/selector.h"
#include "server/api/desk.h"

/// Pages of objects in the order of their names.
namespace skerry::api {

struct PageRequest {
  std::size_t limit = 100;
  std::string after = {};
  std::optional<resource::Selector> selector = {};
};

/// `limit`, `cursor`, and `labelSelector` or `selector`; `bad_parameter`, `bad_cursor`, or what the
/// selector says.
Result<PageRequest> page_of(const Call& call);

/// An opaque cursor to what comes after this key.
std::string cursor_to(std::string_view key);
/// The key of one; `bad_cursor` where it is none of ours.
Result<std::string> key_of(std::string_view cursor);

std::size_t limit_of(std::string_view text);

}  // namespace skerry::api
