#include "os/client_hello.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "os/codes.h"

namespace skerry::os {

namespace {

constexpr unsigned record_handshake = 22;
constexpr char message_client_hello = 1;
constexpr unsigned extension_server_name = 0;
constexpr unsigned extension_protocols = 16;
constexpr std::size_t record_header = 5;
constexpr std::size_t message_header = 4;
constexpr std::size_t record_size_max = std::size_t{16} * 1024;
constexpr std::size_t protocols_max = 32;

/// Takes big-endian numbers and counted strings off the front; sticks at the first that is missing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  unsigned number(std::size_t size) {
    unsigned value = 0;
    for (const char c : take(size)) {
      value = (value << 8U) | static_cast<unsigned char>(c);
    }
    return value;
  }

  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  /// A string behind its length, which has `size` bytes.
  std::string_view counted(std::size_t size) { return take(number(size)); }

  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

Error violation(std::string message) {
  return {.kind = ErrorKind::invalid, .code = protocol_violation, .message = std::move(message)};
}

/// With its header; more than there can be while that is incomplete.
std::size_t message_size(std::string_view message) {
  if (message.size() < message_header) {
    return SIZE_MAX;
  }
  Reader length(message.substr(1, 3));
  return message_header + length.number(3);
}

/// Joins what the records carry, as far as it has come.
Result<std::string> join_records(std::string_view bytes) {
  std::string message;
  while (!bytes.empty()) {
    const auto type = static_cast<unsigned char>(bytes[0]);
    if (type != record_handshake || (bytes.size() > 1 && bytes[1] != 3)) {
      return fail(violation("the client does not begin with TLS"));
    }
    if (bytes.size() < record_header) {
      break;
    }
    Reader header(bytes.substr(3, 2));
    const std::size_t size = header.number(2);
    if (size == 0 || size > record_size_max) {
      return fail(violation("the first record has an impossible length"));
    }
    const std::string_view body = bytes.substr(record_header, size);
    message += body;
    bytes.remove_prefix(record_header + body.size());
    // What follows the hello need not be a record.
    if (message.size() >= message_size(message)) {
      break;
    }
  }
  return message;
}

bool read_protocols(std::string_view body, ClientHello& hello) {
  Reader outer(body);
  Reader list(outer.counted(2));
  while (!list.at_end() && !list.failed()) {
    const std::string_view name = list.counted(1);
    if (name.empty() || hello.protocols.size() == protocols_max) {
      return false;
    }
    hello.protocols.emplace_back(name);
  }
  return !outer.failed() && outer.at_end() && !list.failed() && !hello.protocols.empty();
}

bool read_server_name(std::string_view body, ClientHello& hello) {
  Reader outer(body);
  Reader list(outer.counted(2));
  const unsigned type = list.number(1);
  const std::string_view name = list.counted(2);
  if (type == 0) {  // The only type there is.
    hello.server_name = name;
  }
  return !outer.failed() && outer.at_end() && !list.failed();
}

bool read_extensions(std::string_view bytes, ClientHello& hello) {
  Reader reader(bytes);
  bool seen_names = false;
  bool seen_protocols = false;
  while (!reader.at_end()) {
    const unsigned type = reader.number(2);
    const std::string_view body = reader.counted(2);
    if (reader.failed()) {
      return false;
    }
    // The same extension twice would let two readers see two clients.
    if (type == extension_protocols &&
        (std::exchange(seen_protocols, true) || !read_protocols(body, hello))) {
      return false;
    }
    if (type == extension_server_name &&
        (std::exchange(seen_names, true) || !read_server_name(body, hello))) {
      return false;
    }
  }
  return true;
}

Result<std::optional<ClientHello>> read_body(std::string_view body) {
  Reader reader(body);
  reader.take(2 + 32);  // Legacy version and random.
  reader.counted(1);    // Legacy session id.
  reader.counted(2);    // Cipher suites.
  reader.counted(1);    // Legacy compression methods.
  const std::string_view extensions = reader.at_end() ? std::string_view{} : reader.counted(2);
  ClientHello hello;
  if (reader.failed() || !reader.at_end() || !read_extensions(extensions, hello)) {
    return fail(violation("the client hello is malformed"));
  }
  return hello;
}

}  // namespace

bool ClientHello::offers(std::string_view protocol) const {
  return std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
}

Result<std::optional<ClientHello>> parse_client_hello(std::string_view bytes) {
  const bool is_full = bytes.size() >= client_hello_size_max;
  const Result<std::string> joined = join_records(bytes.substr(0, client_hello_size_max));
  if (!joined) {
    return fail(joined.error());
  }
  const std::string_view message = *joined;
  if (!message.empty() && message[0] != message_client_hello) {
    return fail(violation("the client does not begin with a hello"));
  }
  const std::size_t size = message_size(message);
  if (message.size() >= size) {
    return read_body(message.substr(message_header, size - message_header));
  }
  if (is_full || (message.size() >= message_header && size > client_hello_size_max)) {
    return fail({.kind = ErrorKind::invalid,
                 .code = too_large,
                 .message = "the client hello is larger than 16 KiB"});
  }
  return std::optional<ClientHello>();
}

}  // namespace skerry::os
