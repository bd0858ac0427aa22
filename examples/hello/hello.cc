// The example's one program: a greeting over HTTP, its own health check, and a visitor.
//
//   hello                 answers GET / and GET /healthz on $PORT (8080)
//   hello --health        exits 0 if the server of this container answers /healthz
//   hello --visit HOST    fetches http://HOST:$PORT/ every 10 seconds and prints the answer
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t request_bytes_max = 4096;
constexpr unsigned visit_every_seconds = 10;
/// A peer that says nothing must not keep the next one waiting.
constexpr timeval peer_timeout{.tv_sec = 2, .tv_usec = 0};

std::string setting(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "hello: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

/// Counts in a file of the volume, so that the count outlives the container. 0 where it cannot.
unsigned long count_visit() {
  const std::string path = setting("DATA", "/data") + "/visits";
  unsigned long visits = 0;
  if (std::FILE* file = std::fopen(path.c_str(), "re"); file != nullptr) {
    if (std::fscanf(file, "%lu", &visits) != 1) {
      visits = 0;
    }
    std::fclose(file);
  }
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return 0;
  }
  std::fprintf(file, "%lu\n", ++visits);
  std::fclose(file);
  return visits;
}

std::string reply_of(const char* status, const std::string& body) {
  return std::string("HTTP/1.1 ") + status +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string answer(std::string_view request) {
  if (request.starts_with("GET /healthz ")) {
    return reply_of("200 OK", "ok\n");
  }
  if (request.starts_with("GET / ")) {
    const std::string greeting = setting("GREETING", "Hello");
    return reply_of("200 OK", greeting + ", visit " + std::to_string(count_visit()) + "\n");
  }
  return reply_of("404 Not Found", "there is only / and /healthz\n");
}

std::string read_until(int socket, std::string_view end) {
  std::string text;
  std::array<char, 1024> buffer{};
  while (text.size() < request_bytes_max && (end.empty() || text.find(end) == std::string::npos)) {
    const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

void set_timeouts(int socket) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &peer_timeout, sizeof peer_timeout);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &peer_timeout, sizeof peer_timeout);
}

int serve() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(std::stoi(setting("PORT", "8080"))));
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 64) != 0) {
    die("cannot listen");
  }
  std::printf("hello: %s\n", setting("GREETING", "Hello").c_str());
  while (true) {
    const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) {
      continue;
    }
    set_timeouts(peer);
    const std::string reply = answer(read_until(peer, "\r\n\r\n"));
    send(peer, reply.data(), reply.size(), MSG_NOSIGNAL);
    close(peer);
  }
}

/// The whole reply, empty where nobody answers.
std::string fetch(const std::string& host, const std::string& path) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), setting("PORT", "8080").c_str(), &hints, &found) != 0) {
    return {};
  }
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  set_timeouts(peer);
  std::string reply;
  if (connect(peer, found->ai_addr, found->ai_addrlen) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    send(peer, request.data(), request.size(), MSG_NOSIGNAL);
    reply = read_until(peer, {});
  }
  close(peer);
  freeaddrinfo(found);
  return reply;
}

[[noreturn]] void visit(const std::string& host) {
  while (true) {
    const std::string reply = fetch(host, "/");
    const std::size_t body = reply.find("\r\n\r\n");
    std::printf("%s: %s",
                host.c_str(),
                body == std::string::npos ? "no answer\n" : reply.c_str() + body + 4);
    sleep(visit_every_seconds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  // The first process of a container gets no default handlers; without this a stop would take the
  // whole grace period.
  std::signal(SIGTERM, [](int) { _exit(0); });
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "--health") {
    return fetch("127.0.0.1", "/healthz").starts_with("HTTP/1.1 200") ? 0 : 1;
  }
  if (verb == "--visit" && argc == 3) {
    visit(argv[2]);
  }
  if (argc > 1) {
    std::fputs("usage: hello [--health | --visit HOST]\n", stderr);
    return 2;
  }
  return serve();
}
