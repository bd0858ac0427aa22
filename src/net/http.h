#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

/// HTTP messages as values.
namespace skerry::net {

struct Header {
  std::string name = {};  // In lower case.
  std::string value = {};

  friend bool operator==(const Header&, const Header&) = default;
};

/// The first value of a header; nullptr where there is none.
///
/// @param name  in lower case
const std::string* find_header(const std::vector<Header>& headers, std::string_view name);

/// All of a request but its body.
struct RequestHead {
  std::string method = {};
  /// As sent, percent signs and all: "/api/v1/stacks".
  std::string path = {};
  /// What stands behind the "?", as sent.
  std::string query = {};
  std::vector<Header> headers = {};
  /// The peer's IP address, of the connection and of no header.
  std::string peer = {};

  friend bool operator==(const RequestHead&, const RequestHead&) = default;
};

struct Response {
  unsigned status = 200;
  /// `content-length`, `connection`, `date` and the security headers are added; one given here
  /// wins.
  std::vector<Header> headers = {};
  std::string body = {};
};

/// "Sun, 06 Nov 1994 08:49:37 GMT", as the header Date has it.
std::string http_date(WallTime time);

/// "Not Found"
std::string_view reason_phrase(unsigned status);

/// The status for a request that was refused with one of this room's codes; 500 for others.
unsigned status_of(const ErrorCode& code);

/// A refusal as problem JSON (RFC 9457).
Response problem_response(const Error& error);

/// "a=1&b=x%20y" decoded. `bad_request` where an escape is broken, a text is not UTF-8, or there
/// are more than 64 parameters.
Result<std::vector<Header>> parse_query(std::string_view query);

/// A text as it may stand in a query.
std::string encode_query(std::string_view text);

}  // namespace skerry::net
