#include "client/https_transport.h"

#include "base/text.h"
#include "client/codes.h"
#include "net/client.h"
#include "net/codes.h"
#include "os/codes.h"

namespace skerry::client {
namespace {

constexpr std::uint16_t default_port = 8443;

Error not_a_url(std::string_view url) {
  return {.kind = ErrorKind::invalid,
          .code = bad_server_address,
          .message = "\"" + std::string(url) + "\" is no server address",
          .hint = "write it as https://host:8443"};
}

/// "host", "host:port", "[::1]:port", with or without "https://" in front.
Result<os::Endpoint> endpoint_of(std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  }
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  auto endpoint = os::parse_endpoint(rest, default_port);
  if (!endpoint || rest.find_first_of("/@?# ") != std::string_view::npos) {
    return fail(not_a_url(url));
  }
  return endpoint;
}

Error as_ours(Error error) {
  error.kind = ErrorKind::unavailable;
  if (error.code == net::server_key_differs) {
    error.code = wrong_server_key;
  } else if (error.code == os::timed_out) {
    error.code = no_answer_in_time;
  } else {
    error.code = unreachable;
  }
  return error;
}

std::string value_of(const net::Response& response, std::string_view name) {
  const std::string* value = net::find_header(response.headers, name);
  return value == nullptr ? std::string() : *value;
}

std::string lower(std::string text) {
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

class HttpsTransport final : public Transport {
 public:
  explicit HttpsTransport(net::ClientOptions options) : client_(std::move(options)) {}

  Result<Reply> send(const Request& request) override {
    return reply_of(client_.send(request_of(request)));
  }

  Result<Reply> stream(const Request& request, const Take& take) override {
    return reply_of(client_.stream(request_of(request), take));
  }

 private:
  static net::ClientRequest request_of(const Request& request) {
    net::ClientRequest out{
        .method = request.method, .target = request.target, .body = request.body};
    for (const Header& header : request.headers) {
      out.headers.push_back({lower(header.name), header.value});
    }
    if (!request.token.empty()) {
      out.headers.push_back({"authorization", "Bearer " + std::string(request.token.reveal())});
    }
    return out;
  }

  static Result<Reply> reply_of(Result<net::Response> response) {
    if (!response) {
      return fail(as_ours(std::move(response).error()));
    }
    return Reply{.status = response->status,
                 .etag = value_of(*response, "etag"),
                 .request_id = value_of(*response, "x-request-id"),
                 .outcome = value_of(*response, "skerry-outcome"),
                 .body = std::move(response->body)};
  }

  net::Client client_;
};

}  // namespace

Result<std::unique_ptr<Transport>> connect_https(std::string_view url, const Digest& pinned) {
  SKERRY_TRY(os::Endpoint endpoint, endpoint_of(url));
  return std::make_unique<HttpsTransport>(
      net::ClientOptions{.server = std::move(endpoint), .server_key = pinned});
}

}  // namespace skerry::client
