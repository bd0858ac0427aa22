// What one idle site link costs the server: memory in user space and processor time of its
// handshake.
//
// A child process holds the client ends, so that this process is a server and nothing else. The
// cost is a slope between two numbers of links, so what is paid once does not count.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/dialer.h"
#include "os/event_loop.h"
#include "os/openssl_handle.h"
#include "os/tcp_listener.h"
#include "os/tls.h"

namespace skerry::os {
namespace {

constexpr std::size_t few = 500;
constexpr std::size_t many = 4500;

KeyPair make_key() {
  const EvpKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  KeyPair pair;
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpensslFree<PKCS8_PRIV_KEY_INFO_free>> info(
      EVP_PKEY2PKCS8(key.get()));
  unsigned char* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  if (!read_public_key(key.get(), pair.public_key) || size <= 0) {
    std::abort();
  }
  pair.private_key =
      Secret(std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return pair;
}

std::unique_ptr<TlsContext> make_context(TlsContext::Role role, const KeyPair& key) {
  auto made = TlsContext::create(
      key,
      {.role = role, .protocols = {"skerry/1"}, .accept = [](const PublicKey&) { return true; }});
  if (!made) {
    std::abort();
  }
  return std::move(*made);
}

class Counter final : public StreamHandler {
 public:
  void on_open(const StreamPeer& /*peer*/) override { ++opened; }

  void on_bytes(std::string_view /*bytes*/) override {}

  void on_closed(const Error& reason) override {
    std::fprintf(stderr, "a link was lost: %s\n", to_string(reason).c_str());
    std::abort();
  }

  std::size_t opened = 0;
};

/// Holds `many` client links, one more whenever the last is open, until it is killed.
[[noreturn]] void run_clients(std::uint16_t port, const KeyPair& key) {
  const auto loop = *EventLoop::create();
  const auto context = make_context(TlsContext::Role::client, key);
  Counter counter;
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < many; ++i) {
    const auto dial = Dial::start(*loop, {"127.0.0.1", port}, {}, [&](Result<Descriptor> socket) {
      if (!socket) {
        std::abort();
      }
      streams.push_back(*context->open(*loop, std::move(*socket), counter, {}));
    });
    while (counter.opened <= i) {
      loop->run_once(std::nullopt);
    }
  }
  loop->run();
  std::abort();
}

std::size_t heap_bytes() {
  return ::mallinfo2().uordblks;
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double private_kib() {
  double sum = 0;
  if (std::FILE* file = std::fopen("/proc/self/smaps_rollup", "r")) {
    char line[256];
    double value = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
      if (std::sscanf(line, "Private_Dirty: %lf", &value) == 1) {
        sum = value;
      }
    }
    std::fclose(file);
  }
  return sum;
}

struct Sample {
  double heap = 0;
  double resident_kib = 0;
  double processor = 0;
};

Sample sample() {
  return {static_cast<double>(heap_bytes()), private_kib(), processor_seconds()};
}

void print(const Sample& start, const Sample& end) {
  const double links = static_cast<double>(many - few);
  std::printf("idle mutual TLS link, server side, slope between %zu and %zu links\n", few, many);
  std::printf("  heap in use            %8.2f KiB a link\n",
              (end.heap - start.heap) / links / 1024);
  std::printf("  private dirty pages    %8.2f KiB a link\n",
              (end.resident_kib - start.resident_kib) / links);
  std::printf("  full handshake         %8.3f ms of a core\n",
              (end.processor - start.processor) / links * 1e3);
}

int run() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const KeyPair key = make_key();
  const auto loop = *EventLoop::create();
  const auto context = make_context(TlsContext::Role::server, key);
  Counter counter;
  std::vector<std::unique_ptr<Stream>> streams;
  streams.reserve(many);
  const auto listener =
      *TcpListener::create(*loop, *parse_ip("127.0.0.1", 0), [&](Descriptor socket, const auto&) {
        streams.push_back(*context->open(*loop, std::move(socket), counter, {}));
      });
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    run_clients(listener->address().port, key);
  }
  Sample start;
  while (counter.opened < many) {
    if (counter.opened == few && start.heap == 0) {
      start = sample();
    }
    loop->run_once(std::nullopt);
  }
  print(start, sample());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::fflush(stdout);
  std::_Exit(0);  // The child's death is no lost link.
}

}  // namespace
}  // namespace skerry::os

int main() {
  return skerry::os::run();
}
