#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace skerry::client {

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string escape(std::string_view text);

/// A path with the parameters that are not empty: "/api/v1/sites?limit=100".
std::string with_query(
    std::string_view path,
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

}  // namespace skerry::client
