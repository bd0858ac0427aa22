#include "net/client.h"

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/codes.h"
#include "os/codes.h"
#include "os/descriptor.h"
#include "os/http_reader.h"
#include "os/openssl_handle.h"
#include "os/tcp_socket.h"

namespace skerry::net {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

/// As on the wire: the name with its length in front.
constexpr std::string_view protocols{"\x08http/1.1", 9};

constexpr std::size_t read_size = std::size_t{16} * 1024;

Error client_error(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::unavailable, .code = code, .message = std::move(message)};
}

SteadyTime after(milliseconds patience) {
  return std::chrono::steady_clock::now() + patience;
}

/// Waits until the socket is ready or the time has come.
Status wait_for(int socket, short events, SteadyTime end) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) {
      return {};
    }
    if (ready == 0) {
      return fail(client_error(os::timed_out, "the server did not answer in time"));
    }
    if (errno != EINTR) {
      return fail(os::system_error(errno, os::system_failed, "poll"));
    }
  }
}

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { ::freeaddrinfo(list); })>;

Result<Addresses> look_up(const os::Endpoint& server) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(server.port);
  const int error = ::getaddrinfo(server.host.c_str(), port.c_str(), &hints, &list);
  if (error != 0) {
    return fail(client_error(
        unreachable, "the name " + server.host + " cannot be resolved: " + ::gai_strerror(error)));
  }
  return Addresses(list);
}

Result<os::Descriptor> connect_to(const addrinfo& address, milliseconds patience) {
  const std::optional<os::SocketAddress> target = os::from_kernel(address.ai_addr);
  if (!target) {
    return fail(client_error(unreachable, "an address of no known family"));
  }
  SKERRY_TRY(os::Descriptor socket, os::new_tcp_socket(target->family));
  int error = 0;
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
    error = errno;
  }
  if (error == EINPROGRESS) {
    SKERRY_CHECK(wait_for(socket.get(), POLLOUT, after(patience)));
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    Error refused = os::system_error(error, unreachable, "connect " + os::to_string(*target));
    refused.kind = ErrorKind::unavailable;
    return fail(std::move(refused));
  }
  return socket;
}

/// The first address that answers; where none does, why the last did not.
Result<os::Descriptor> connect_any(const ClientOptions& options) {
  SKERRY_TRY(const Addresses addresses, look_up(options.server));
  Result<os::Descriptor> socket =
      fail(client_error(unreachable, "the name " + options.server.host + " has no address"));
  for (const addrinfo* next = addresses.get(); next != nullptr; next = next->ai_next) {
    socket = connect_to(*next, options.connect);
    if (socket) {
      break;
    }
  }
  return socket;
}

/// What the verification callback compares with, and what it found.
struct Pin {
  Digest wanted = {};
  bool matches = false;
};

/// Takes the place of the library's whole judgement of a certificate. That the server holds the
/// private half is proved by the handshake's CertificateVerify, which no callback can skip.
int verify_pin(X509_STORE_CTX* store, void* opaque) {
  Pin& pin = *static_cast<Pin*>(opaque);
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  PublicKey key;
  if (certificate != nullptr && os::read_public_key(X509_get0_pubkey(certificate), key)) {
    Digest digest;
    SHA256(key.bytes.data(), key.bytes.size(), digest.bytes.data());
    pin.matches = digest == pin.wanted;
  }
  if (!pin.matches) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  }
  return pin.matches ? 1 : 0;
}

Result<os::SslContext> make_context(Pin& pin) {
  // A machine's openssl.cnf must not loosen what is decided here.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  os::SslContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* raw = context.get();
  const bool done =
      raw != nullptr && SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set1_groups_list(raw, "X25519:P-256") == 1 &&
      SSL_CTX_set1_sigalgs_list(raw, "ecdsa_secp256r1_sha256") == 1 &&
      // This one function has 0 for success.
      SSL_CTX_set_alpn_protos(raw,
                              reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned int>(protocols.size())) == 0;
  if (!done) {
    return fail(client_error(os::tls_failed, os::take_openssl_error()));
  }
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(raw, &verify_pin, &pin);
  return context;
}

bool may_repeat(const ClientRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

std::string head_of(const ClientRequest& request, const os::Endpoint& server) {
  const bool is_ipv6 = server.host.find(':') != std::string::npos;
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nhost: ";
  head += is_ipv6 ? "[" + server.host + "]" : server.host;
  head += ":" + std::to_string(server.port) + "\r\n";
  for (const Header& header : request.headers) {
    head += header.name + ": " + header.value + "\r\n";
  }
  if (!may_repeat(request) || !request.body.empty()) {
    head += "content-length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

/// A header with a line end in it would be two.
bool is_clean(const ClientRequest& request) {
  const auto has_control = [](const std::string& text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
  };
  for (const Header& header : request.headers) {
    if (has_control(header.name) || has_control(header.value)) {
      return false;
    }
  }
  return !has_control(request.method) && !has_control(request.target) &&
         request.target.find(' ') == std::string::npos;
}

}  // namespace

class Client::Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const ClientOptions& options);

  Status write(std::string_view bytes, SteadyTime end);
  /// Empty at the orderly end.
  Result<std::string_view> read(SteadyTime end);

  /// Some of the answer to the newest request has come.
  bool answered = false;
  bool used = false;

 private:
  Status shake_hands(SteadyTime end);
  /// Waits for what the library wants; an error where the connection is over.
  Status again(int result, SteadyTime end);

  Pin pin_;
  os::Descriptor socket_;
  os::SslContext context_;
  os::SslSession session_;
  std::array<char, read_size> buffer_ = {};
};

Result<std::unique_ptr<Client::Connection>> Client::Connection::open(const ClientOptions& options) {
  auto made = std::make_unique<Connection>();
  made->pin_.wanted = options.server_key;
  SKERRY_TRY(made->socket_, connect_any(options));
  SKERRY_TRY(made->context_, make_context(made->pin_));
  made->session_.reset(SSL_new(made->context_.get()));
  BIO* bio = made->session_ == nullptr ? nullptr : os::make_socket_bio(made->socket_.get());
  if (bio == nullptr) {
    return fail(client_error(os::tls_failed, os::take_openssl_error()));
  }
  SSL_set_bio(made->session_.get(), bio, bio);
  SSL_set_connect_state(made->session_.get());
  SKERRY_CHECK(made->shake_hands(after(options.connect)));
  return made;
}

Status Client::Connection::again(int result, SteadyTime end) {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return wait_for(socket_.get(), POLLIN, end);
    case SSL_ERROR_WANT_WRITE:
      return wait_for(socket_.get(), POLLOUT, end);
    default:
      break;
  }
  if (ERR_peek_error() == 0) {
    return fail(client_error(os::connection_lost, "the server hung up"));
  }
  return fail(client_error(os::tls_failed, os::take_openssl_error()));
}

Status Client::Connection::shake_hands(SteadyTime end) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_.get());
    if (result == 1) {
      return {};
    }
    Status status = again(result, end);
    if (!status && status.error().code == os::tls_failed && !pin_.matches &&
        SSL_get_verify_result(session_.get()) == X509_V_ERR_CERT_UNTRUSTED) {
      return fail({.kind = ErrorKind::denied,
                   .code = server_key_differs,
                   .message = "the server's key is not the one that was pinned",
                   .hint = "if the server was installed anew, ask its admin for the new key"});
    }
    SKERRY_CHECK(std::move(status));
  }
}

Status Client::Connection::write(std::string_view bytes, SteadyTime end) {
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &size);
    if (result == 1) {
      bytes.remove_prefix(size);
    } else {
      SKERRY_CHECK(again(result, end));
    }
  }
  return {};
}

Result<std::string_view> Client::Connection::read(SteadyTime end) {
  for (;;) {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(session_.get(), buffer_.data(), buffer_.size(), &size);
    if (result == 1) {
      answered = true;
      return std::string_view(buffer_.data(), size);
    }
    if (SSL_get_error(session_.get(), result) == SSL_ERROR_ZERO_RETURN) {
      return std::string_view();
    }
    SKERRY_CHECK(again(result, end));
  }
}

Client::Client(ClientOptions options) : options_(std::move(options)) {}

Client::~Client() = default;

Result<Response> Client::send(const ClientRequest& request) {
  return once(request, nullptr);
}

Result<Response> Client::stream(const ClientRequest& request, const OnBytes& on_bytes) {
  return once(request, &on_bytes);
}

namespace {

/// What an answer has come to so far.
class Answer {
 public:
  Answer(bool has_body, const Client::OnBytes* on_bytes, std::size_t body_max)
      : on_bytes_(on_bytes),
        body_max_(body_max),
        reader_(has_body ? os::HttpReader::Body::expected : os::HttpReader::Body::none,
                {.head = [this](const os::HttpHead& head) { take_head(head); },
                 .bytes = [this](std::string_view bytes) { take_bytes(bytes); }}) {}

  Status feed(std::string_view bytes) {
    SKERRY_CHECK(bytes.empty() ? reader_.end_of_input() : reader_.feed(bytes));
    if (too_large_) {
      return fail({.kind = ErrorKind::invalid,
                   .code = body_too_large,
                   .message = "the answer is larger than this client takes"});
    }
    return {};
  }

  [[nodiscard]] bool done() const { return stopped_ || reader_.complete(); }

  [[nodiscard]] bool is_streaming() const { return on_bytes_ != nullptr && response.status == 200; }

  [[nodiscard]] bool reusable() const { return reader_.complete() && reader_.reusable(); }

  Response response = {.status = 0};

 private:
  void take_head(const os::HttpHead& head) {
    response.status = head.status;
    for (const os::HttpHeader& header : head.headers) {
      std::string name = header.name;
      for (char& c : name) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      }
      response.headers.push_back({std::move(name), header.value});
    }
  }

  void take_bytes(std::string_view bytes) {
    if (is_streaming()) {
      stopped_ = stopped_ || !(*on_bytes_)(bytes);
    } else {
      too_large_ = response.body.size() + bytes.size() > body_max_;
      response.body.append(too_large_ ? std::string_view() : bytes);
    }
    if (stopped_ || too_large_) {
      reader_.abandon();
    }
  }

  const Client::OnBytes* on_bytes_;
  std::size_t body_max_;
  bool stopped_ = false;
  bool too_large_ = false;
  os::HttpReader reader_;
};

}  // namespace

Result<Response> Client::once(const ClientRequest& request, const OnBytes* on_bytes) {
  if (!is_clean(request)) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_request,
                 .message = "the request holds a line end where none may be"});
  }
  // The connection is put back only after a whole answer: after an error nobody knows its state.
  std::unique_ptr<Connection> connection = std::exchange(connection_, nullptr);
  if (connection == nullptr) {
    SKERRY_TRY(connection, Connection::open(options_));
  }
  connection->answered = false;
  const bool kept = std::exchange(connection->used, true);
  const SteadyTime end = after(options_.answer);
  Answer answer(request.method != "HEAD", on_bytes, options_.body_max);
  Status status = connection->write(head_of(request, options_.server) + request.body, end);
  // A server that refuses early answers and closes: its answer is worth more than the broken pipe.
  const bool write_failed = !status;
  if (write_failed) {
    status = {};
  }
  while (status && !answer.done()) {
    const SteadyTime until = answer.is_streaming() ? after(options_.silence) : end;
    Result<std::string_view> bytes = connection->read(until);
    status = bytes ? answer.feed(*bytes) : Status(fail(std::move(bytes).error()));
  }
  if (!status) {
    const bool stale = kept && !connection->answered && may_repeat(request) &&
                       status.error().code != os::timed_out;
    return stale ? once(request, on_bytes) : Result<Response>(fail(std::move(status).error()));
  }
  if (answer.reusable() && !write_failed) {
    connection_ = std::move(connection);
  }
  return std::move(answer.response);
}

}  // namespace skerry::net
