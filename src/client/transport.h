#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace skerry::client {

struct Header {
  std::string name = {};
  std::string value = {};

  friend bool operator==(const Header&, const Header&) = default;
};

struct Request {
  std::string method = {};  // "GET"
  std::string target = {};  // "/api/v1/sites?limit=100", already escaped.
  std::vector<Header> headers = {};
  std::string body = {};
  Secret token = {};  // Sent as a bearer token; apart from the headers so that none is printed.
};

struct Reply {
  unsigned status = 0;
  std::string etag = {};
  std::string request_id = {};
  /// What a change did: "created", "configured", "unchanged"; empty where the server does not say.
  std::string outcome = {};
  std::string body = {};
};

/// How requests reach one server. The process uses pinned HTTPS; tests answer by hand.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// One request and its whole answer, whatever its status. `unavailable` with a code of codes.h
  /// where there is none.
  virtual Result<Reply> send(const Request& request) = 0;

  /// Takes some bytes of a body; false ends the stream.
  using Take = std::function<bool(std::string_view bytes)>;
  /// Hands over the body as it comes, until the server ends it or `take` has enough. An answer
  /// other than 200 is returned whole instead.
  virtual Result<Reply> stream(const Request& request, const Take& take) = 0;
};

}  // namespace skerry::client
