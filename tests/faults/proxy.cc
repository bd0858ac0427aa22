// A bad network between a site and its server, in user space: a TCP proxy that is told how bad.
//
//   proxy PORT SERVER-PORT HEARD     listens on 127.0.0.1:PORT; HEARD gets what a wrong party was
//   sent
//
// Commands come as lines on standard input, each answered by a line; it ends with its input.
//
//   shape delay_ms=25 jitter_ms=5 loss=2 rate_kbit=1000
//                    each direction: how long a byte is under way, which share of segments is lost,
//                    how many go at once. TCP hides a loss behind a wait, so a lost segment and all
//                    behind it come a retransmission timeout later, or twice it, four times
//   drop 30          the kernel drops this share of the packets that come from either side,
//   segments
//                    and acknowledgements alike, and real TCP has to mend it
//   hole             it drops all of them: no answer, no reset, no connection; what is there is
//   half
//                    open
//   pass             the end of both
//   swallow          accepts and acknowledges everything and passes nothing on, as a dead middlebox
//   cut N            ends every connection once N bytes have passed, and each there is now at once
//   portal           cuts all; whoever comes is answered an HTTP redirection
//   portal-tls       the same within TLS, with a key of its own
//   stranger         cuts all; speaks the site link with a key of its own
//   server [PORT]    cuts all; the server again, or another one
//   stats            connections, bytes to and from the server
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/dialer.h"
#include "os/event_loop.h"
#include "os/stream.h"
#include "os/tcp_listener.h"
#include "os/tls.h"
#include "trust/openssl_crypto.h"

namespace skerry {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t under_way_max = std::size_t{1024} * 1024;
constexpr std::size_t queue_max = std::size_t{16} * 1024 * 1024;
constexpr std::size_t segment_bytes = 1448;
constexpr nanoseconds shortest_timeout = std::chrono::milliseconds(200);
/// After as many losses of one segment in a row it passes.
constexpr int losses_max = 6;
constexpr const char* redirection =
    "HTTP/1.1 302 Found\r\nLocation: http://portal.invalid/login\r\nContent-Length: 0\r\n\r\n";
/// The end of a trust chain that was never sent.
constexpr std::string_view trust_end{"\x02\x00\x04", 3};

struct Shape {
  double delay_ms = 0;
  double jitter_ms = 0;
  /// Of a hundred segments.
  double loss = 0;
  double rate_kbit = 0;
};

enum class Mode : std::uint8_t { server, swallow, portal, portal_tls, stranger };

/// Which of 2^32 packets the kernel drops as they come in; all of them, or none.
struct Drop {
  double share = 0;

  void apply(int socket) const {
    if (share <= 0) {
      const int unused = 0;
      (void)setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
      return;
    }
    const auto below =
        static_cast<std::uint32_t>(std::min(share, 1.0) * static_cast<double>(UINT32_MAX));
    const bool all = share >= 1;
    sock_filter lines[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)},
        {BPF_JMP | BPF_JGE | BPF_K, 0, 1, below},
        {BPF_RET | BPF_K, 0, 0, all ? 0 : UINT32_MAX},
        {BPF_RET | BPF_K, 0, 0, 0}};
    const sock_fprog program{.len = 4, .filter = lines};
    if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
      std::perror("proxy: SO_ATTACH_FILTER");
      std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
  }
};

/// The whole of the network's state.
struct Network {
  Shape shape = {};
  Drop drop = {};
  Mode mode = Mode::server;
  std::optional<std::size_t> cut_after = {};
  std::uint16_t server_port = 0;
  std::mt19937_64 random{1};
  std::uint64_t connections = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;

  double chance() { return std::uniform_real_distribution<>(0, 1)(random); }

  /// From the moment a piece begins until it is there.
  nanoseconds travel(std::size_t size) {
    const double jitter = shape.jitter_ms * (2 * chance() - 1);
    const double way = std::max(0.0, shape.delay_ms + jitter);
    return nanoseconds(static_cast<std::int64_t>(way * 1e6)) + waits_for_losses(size);
  }

  nanoseconds waits_for_losses(std::size_t size) {
    nanoseconds wait{0};
    for (std::size_t at = 0; at < size && shape.loss > 0; at += segment_bytes) {
      nanoseconds timeout = std::max(
          shortest_timeout, nanoseconds(static_cast<std::int64_t>(shape.delay_ms * 2.0 * 1e6)));
      for (int lost = 0; lost < losses_max && chance() * 100 < shape.loss; ++lost) {
        wait += timeout;
        timeout *= 2;
      }
    }
    return wait;
  }

  [[nodiscard]] nanoseconds sending(std::size_t size) const {
    return shape.rate_kbit <= 0 ? nanoseconds(0)
                                : nanoseconds(static_cast<std::int64_t>(static_cast<double>(size) *
                                                                        8e6 / shape.rate_kbit));
  }
};

/// One direction: what comes out of one stream goes, late, into another.
class Path final : public os::StreamHandler {
 public:
  Path(os::EventLoop& loop, Network& network, std::uint64_t& counter)
      : loop_(loop), network_(network), counter_(counter) {}

  void connect(os::Stream& source, os::Stream& sink) {
    source_ = &source;
    sink_ = &sink;
  }

  /// Bytes that may still pass; the pair's.
  void limit(std::optional<std::size_t>& left, std::function<void()> ended) {
    left_ = &left;
    ended_ = std::move(ended);
  }

  void on_bytes(std::string_view bytes) override {
    counter_ += bytes.size();
    if (network_.mode == Mode::swallow || is_over_) {
      return;
    }
    const std::size_t size = std::min(bytes.size(), left_->value_or(bytes.size()));
    add(std::string(bytes.substr(0, size)));
    if (*left_) {
      **left_ -= size;
      if (**left_ == 0) {
        end();
      }
    }
  }

  /// In swallow mode the other side is not told either.
  void on_closed(const Error& /*reason*/) override {
    source_ = nullptr;
    if (other_->sink_ != nullptr) {
      other_->sink_ = nullptr;
    }
    if (network_.mode != Mode::swallow) {
      end();
    }
  }

  void set_other(Path& other) { other_ = &other; }

 private:
  struct Piece {
    Instant due = {};
    std::string bytes = {};
  };

  void end() {
    if (!is_over_) {
      is_over_ = true;
      add({});
    }
  }

  void add(std::string bytes) {
    const Instant now = loop_.now();
    free_at_ = std::max(free_at_, now) + network_.sending(bytes.size());
    const Instant due = std::max(
        last_due_, free_at_ + (bytes.empty() ? nanoseconds(0) : network_.travel(bytes.size())));
    last_due_ = due;
    under_way_ += bytes.size();
    pieces_.push_back({.due = due, .bytes = std::move(bytes)});
    if (under_way_ > under_way_max && source_ != nullptr) {
      source_->set_reading(os::Stream::Reading::off);
    }
    if (!timer_.pending()) {
      arm();
    }
  }

  void arm() {
    timer_ = loop_.at(pieces_.front().due, [this] { deliver(); });
  }

  void deliver() {
    while (!pieces_.empty() && pieces_.front().due <= loop_.now()) {
      const Piece piece = std::move(pieces_.front());
      pieces_.pop_front();
      if (piece.bytes.empty()) {
        ended_();
        return;
      }
      under_way_ -= piece.bytes.size();
      if (sink_ != nullptr) {
        (void)sink_->send(piece.bytes);
      }
    }
    if (under_way_ <= under_way_max / 2 && source_ != nullptr) {
      source_->set_reading(os::Stream::Reading::on);
    }
    if (!pieces_.empty()) {
      arm();
    }
  }

  os::EventLoop& loop_;
  Network& network_;
  std::uint64_t& counter_;
  Path* other_ = nullptr;
  os::Stream* source_ = nullptr;
  os::Stream* sink_ = nullptr;
  std::optional<std::size_t>* left_ = nullptr;
  std::function<void()> ended_;
  std::deque<Piece> pieces_;
  std::size_t under_way_ = 0;
  Instant free_at_ = {};
  Instant last_due_ = {};
  os::Timer timer_;
  bool is_over_ = false;
};

/// Somebody who came and what became of it.
class Visit {
 public:
  Visit() = default;
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  virtual ~Visit() = default;

  /// The kernel's sockets, for its filter.
  virtual void drop(const Drop& drop) = 0;
};

/// A connection to the server, both ways.
class Pair final : public Visit {
 public:
  Pair(os::EventLoop& loop, Network& network, os::Descriptor agent, std::function<void()> ended)
      : loop_(loop),
        network_(network),
        agent_(std::move(agent)),
        left_(network.cut_after),
        up_(loop, network, network.bytes_up),
        down_(loop, network, network.bytes_down),
        ended_(std::move(ended)) {
    up_.set_other(down_);
    down_.set_other(up_);
    for (Path* path : {&up_, &down_}) {
      path->limit(left_, [this] { finish(); });
    }
    dial_ = os::Dial::start(loop_,
                            {.host = "127.0.0.1", .port = network_.server_port},
                            {},
                            [this](Result<os::Descriptor> socket) { open(std::move(socket)); });
  }

  void drop(const Drop& drop) override {
    for (const int socket : {agent_socket_, server_socket_}) {
      if (socket >= 0) {
        drop.apply(socket);
      }
    }
  }

 private:
  void open(Result<os::Descriptor> server) {
    if (!server || left_ == std::size_t{0}) {
      finish();
      return;
    }
    agent_socket_ = agent_.get();
    server_socket_ = server->get();
    drop(network_.drop);
    const os::StreamOptions options{.queue_max = queue_max};
    auto agent = os::open_plain_stream(loop_, std::move(agent_), up_, options);
    auto other = os::open_plain_stream(loop_, *std::move(server), down_, options);
    if (!agent || !other) {
      finish();
      return;
    }
    agent_stream_ = *std::move(agent);
    server_stream_ = *std::move(other);
    up_.connect(*agent_stream_, *server_stream_);
    down_.connect(*server_stream_, *agent_stream_);
  }

  /// From the loop, since this is destroyed by it.
  void finish() {
    end_ = loop_.after(nanoseconds(0), [this] { ended_(); });
  }

  os::EventLoop& loop_;
  Network& network_;
  os::Descriptor agent_;
  int agent_socket_ = -1;
  int server_socket_ = -1;
  std::optional<std::size_t> left_;
  Path up_;
  Path down_;
  std::function<void()> ended_;
  std::unique_ptr<os::Dial> dial_;
  std::unique_ptr<os::Stream> agent_stream_;
  std::unique_ptr<os::Stream> server_stream_;
  os::Timer end_;
};

/// Somebody who was led to a wrong party, which writes down what it hears.
class Wrong final : public Visit, private os::StreamHandler {
 public:
  Wrong(std::string answer, std::FILE* heard, std::function<void()> ended)
      : answer_(std::move(answer)), heard_(heard), ended_(std::move(ended)) {}

  os::StreamHandler& handler() { return *this; }

  void keep(Result<std::unique_ptr<os::Stream>> stream) {
    if (stream) {
      stream_ = *std::move(stream);
    }
  }

  void drop(const Drop& /*drop*/) override {}

 private:
  void on_bytes(std::string_view bytes) override {
    (void)std::fwrite(bytes.data(), 1, bytes.size(), heard_);
    (void)std::fflush(heard_);
    if (!answered_) {
      answered_ = true;
      (void)stream_->send(answer_);
      stream_->finish();
    }
  }

  void on_closed(const Error& /*reason*/) override { ended_(); }

  std::string answer_;
  std::FILE* heard_;
  std::function<void()> ended_;
  std::unique_ptr<os::Stream> stream_;
  bool answered_ = false;
};

class Proxy {
 public:
  static Result<std::unique_ptr<Proxy>> create(std::uint16_t port,
                                               std::uint16_t server_port,
                                               const std::string& heard) {
    std::unique_ptr<Proxy> proxy(new Proxy());
    proxy->network_.server_port = server_port;
    proxy->heard_ = std::fopen(heard.c_str(), "abe");
    SKERRY_TRY(proxy->loop_, os::EventLoop::create());
    SKERRY_TRY(proxy->key_, proxy->crypto_.generate());
    for (const auto& [mode, protocol] : std::map<Mode, std::string>{{Mode::portal_tls, "http/1.1"},
                                                                    {Mode::stranger, "skerry/1"}}) {
      SKERRY_TRY(proxy->tls_[mode],
                 os::TlsContext::create(proxy->key_,
                                        {.role = os::TlsContext::Role::server,
                                         .protocols = {protocol},
                                         .accept = [](const PublicKey&) { return true; }}));
    }
    SKERRY_TRY(proxy->listener_,
               os::TcpListener::create(*proxy->loop_,
                                       *os::parse_ip("127.0.0.1", port),
                                       [self = proxy.get()](os::Descriptor socket, const auto&) {
                                         self->accept(std::move(socket));
                                       }));
    SKERRY_TRY(proxy->input_,
               proxy->loop_->watch(STDIN_FILENO,
                                   {.readable = true},
                                   [self = proxy.get()](os::Readiness) { self->read_commands(); }));
    return proxy;
  }

  void run() { loop_->run(); }

 private:
  Proxy() = default;

  void accept(os::Descriptor socket) {
    const std::uint64_t number = ++network_.connections;
    const auto ended = [this, number] {
      gone_.push_back(number);
      tidy_ = loop_->after(nanoseconds(0), [this] { tidy(); });
    };
    if (network_.mode == Mode::server || network_.mode == Mode::swallow) {
      visits_[number] = std::make_unique<Pair>(*loop_, network_, std::move(socket), ended);
      return;
    }
    const bool is_site = network_.mode == Mode::stranger;
    auto wrong =
        std::make_unique<Wrong>(is_site ? std::string(trust_end) : redirection, heard_, ended);
    const os::StreamOptions options{};
    wrong->keep(
        network_.mode == Mode::portal
            ? os::open_plain_stream(*loop_, std::move(socket), wrong->handler(), options)
            : tls_.at(network_.mode)->open(*loop_, std::move(socket), wrong->handler(), options));
    visits_[number] = std::move(wrong);
  }

  void tidy() {
    for (const std::uint64_t number : std::exchange(gone_, {})) {
      visits_.erase(number);
    }
  }

  void read_commands() {
    char buffer[4096];
    const ssize_t size = read(STDIN_FILENO, buffer, sizeof buffer);
    if (size <= 0) {
      loop_->stop();
      return;
    }
    line_.append(buffer, static_cast<std::size_t>(size));
    for (std::size_t end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
      obey(words(line_.substr(0, end)));
      line_.erase(0, end + 1);
    }
  }

  static std::vector<std::string> words(const std::string& line) {
    std::vector<std::string> found(1);
    for (const char character : line) {
      if (character == ' ') {
        found.emplace_back();
      } else {
        found.back() += character;
      }
    }
    return found;
  }

  void obey(const std::vector<std::string>& words) {
    static const std::map<std::string, Mode> modes{{"swallow", Mode::swallow},
                                                   {"portal", Mode::portal},
                                                   {"portal-tls", Mode::portal_tls},
                                                   {"stranger", Mode::stranger},
                                                   {"server", Mode::server}};
    const std::string& verb = words.front();
    if (const auto mode = modes.find(verb); mode != modes.end()) {
      network_.mode = mode->second;
      network_.cut_after.reset();
      if (words.size() > 1) {
        network_.server_port = static_cast<std::uint16_t>(std::stoul(words[1]));
      }
      if (network_.mode != Mode::swallow) {
        visits_.clear();
      }
    } else if (verb == "shape") {
      shape(words);
    } else if (verb == "cut") {
      network_.cut_after = std::stoul(words.at(1));
      visits_.clear();
    } else if (verb == "hole" || verb == "pass" || verb == "drop") {
      drop(verb == "hole" ? 1.0 : verb == "pass" ? 0.0 : std::stod(words.at(1)) / 100);
    } else if (verb != "stats") {
      std::printf("unknown\n");
      std::fflush(stdout);
      return;
    }
    std::printf("%llu %llu %llu\n",
                static_cast<unsigned long long>(network_.connections),
                static_cast<unsigned long long>(network_.bytes_up),
                static_cast<unsigned long long>(network_.bytes_down));
    std::fflush(stdout);
  }

  void shape(const std::vector<std::string>& words) {
    network_.shape = {};
    const std::map<std::string, double*> fields{{"delay_ms", &network_.shape.delay_ms},
                                                {"jitter_ms", &network_.shape.jitter_ms},
                                                {"loss", &network_.shape.loss},
                                                {"rate_kbit", &network_.shape.rate_kbit}};
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      *fields.at(words[i].substr(0, equals)) = std::stod(words[i].substr(equals + 1));
    }
  }

  void drop(double share) {
    network_.drop = {.share = share};
    for (const auto& [number, visit] : visits_) {
      visit->drop(network_.drop);
    }
    for (int fd = STDERR_FILENO + 1; fd < 1024; ++fd) {
      int listens = 0;
      socklen_t size = sizeof listens;
      if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0) {
        network_.drop.apply(fd);  // What would begin a connection is dropped alike.
      }
    }
  }

  trust::OpenSslCrypto crypto_;
  KeyPair key_;
  Network network_;
  std::FILE* heard_ = nullptr;
  std::unique_ptr<os::EventLoop> loop_;
  std::map<Mode, std::unique_ptr<os::TlsContext>> tls_;
  std::unique_ptr<os::TcpListener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Visit>> visits_;
  std::vector<std::uint64_t> gone_;
  os::Timer tidy_;
  os::Watch input_;
  std::string line_;
};

int run(const std::vector<std::string>& words) {
  if (words.size() != 3) {
    std::fputs("usage: proxy PORT SERVER-PORT HEARD\n", stderr);
    return 2;
  }
  const auto proxy = Proxy::create(static_cast<std::uint16_t>(std::stoul(words[0])),
                                   static_cast<std::uint16_t>(std::stoul(words[1])),
                                   words[2]);
  if (!proxy) {
    std::fprintf(stderr, "proxy: %s\n", to_string(proxy.error()).c_str());
    return 1;
  }
  std::printf("listens\n");
  std::fflush(stdout);
  (*proxy)->run();
  return 0;
}

}  // namespace
}  // namespace skerry

int main(int argc, char** argv) {
  return skerry::run({argv + 1, argv + argc});
}
