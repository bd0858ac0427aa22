// The server in wrong hands: it holds the real server's keys and says what no server may say.
//
//   liar keep DATA FILE        writes down the manifest that the first site was told last
//   liar lie DATA PORT FILE    on the server's port: sends the site that comes that older manifest,
//   another site's, its
//                              own with a flipped byte, and another one under the accepted number;
//                              ends once the site has told of all four, with the codes it gave
#include <chrono>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "document/codec.h"
#include "os/directory_disk.h"
#include "os/event_loop.h"
#include "os/stream.h"
#include "os/system_clock.h"
#include "os/tcp_listener.h"
#include "os/tls.h"
#include "server/gateway/site_links.h"
#include "server/store/reader.h"
#include "trust/admit.h"
#include "trust/codes.h"
#include "trust/keys.h"
#include "trust/openssl_crypto.h"
#include "trust/sign.h"
#include "wire/messages.h"

namespace skerry {
namespace {

constexpr std::chrono::seconds patience{90};
constexpr const char* kept_file = "told";

/// What the real server knows of its first site.
struct Secrets {
  trust::KeyRing keys = {};
  Uuid site = {};
  store::ToldRow told = {};
};

Result<Secrets> steal(const std::string& data, const Crypto& crypto) {
  SKERRY_TRY(const auto disk, os::DirectoryDisk::open_directory(data + "/keys"));
  Secrets secrets;
  SKERRY_TRY(secrets.keys, trust::load_keys(*disk, crypto));
  SKERRY_TRY(const auto reader, store::Reader::open(data + "/skerry.db"));
  SKERRY_TRY(const auto sites, reader->sites(0, 1));
  if (sites.empty()) {
    return fail({.kind = ErrorKind::not_found, .message = "the store has no site"});
  }
  secrets.site = sites.front().id;
  SKERRY_TRY(const auto told, reader->told(sites.front().number));
  if (!told) {
    return fail({.kind = ErrorKind::not_found, .message = "the site was told nothing yet"});
  }
  secrets.told = *told;
  return secrets;
}

/// The envelope with one bit of its signed payload turned over.
Result<std::string> with_flipped_byte(std::string envelope) {
  SKERRY_TRY(const auto opened, document::decode<document::Envelope>(envelope));
  const auto payload = envelope.find(opened.payload);
  char& byte = envelope[payload + opened.payload.size() - 1];
  byte = static_cast<char>(byte ^ 0x10);
  return envelope;
}

/// Each document that must be refused, by the code it must be refused with.
Result<std::map<std::string_view, std::string>> lies(const Secrets& secrets,
                                                     std::string older,
                                                     Crypto& crypto) {
  const KeyPair& planner = secrets.keys.get(trust::KeyRole::planner);
  const document::PlanNumber accepted = secrets.told.number;
  const document::PlanNumber next{.term = accepted.term, .seq = accepted.seq + 1};
  Uuid stranger = secrets.site;
  stranger.bytes.back() ^= 1;
  const document::Manifest nothing{};
  std::map<std::string_view, std::string> all;
  all[trust::refusal::rollback.name] = std::move(older);
  SKERRY_TRY(all[trust::refusal::wrong_audience.name],
             trust::sign(trust::manifest_payload(nothing, stranger, next), planner, crypto));
  SKERRY_TRY(all[trust::refusal::bad_signature.name], with_flipped_byte(secrets.told.envelope));
  SKERRY_TRY(
      all[trust::refusal::equivocation.name],
      trust::sign(trust::manifest_payload(nothing, secrets.site, accepted), planner, crypto));
  return all;
}

/// The one connection of the site, newest first: a site that dials again begins anew.
class Liar final : public os::StreamHandler {
 public:
  Liar(os::EventLoop& loop, std::map<std::string_view, std::string> lies)
      : loop_(loop), lies_(std::move(lies)) {}

  Status open(os::TlsContext& tls, os::Descriptor socket) {
    reader_ = wire::FrameReader();
    SKERRY_TRY(stream_,
               tls.open(loop_, std::move(socket), *this, {.queue_max = 4 * wire::frame_bytes_max}));
    return {};
  }

  void on_bytes(std::string_view bytes) override {
    reader_.feed(bytes);
    while (true) {
      const auto frame = reader_.next();
      if (!frame || !*frame) {
        return;
      }
      const auto message = wire::decode_message(**frame);
      if (message) {
        hear(*message);
      }
    }
  }

  void on_closed(const Error& /*reason*/) override {
    if (is_done()) {
      loop_.stop();
    }
  }

  [[nodiscard]] bool is_done() const { return heard_.size() == lies_.size(); }

  [[nodiscard]] const std::set<std::string>& heard() const { return heard_; }

 private:
  void hear(const wire::Message& message) {
    if (std::holds_alternative<wire::AgentHello>(message)) {
      say(wire::ServerHello{.protocol = wire::protocol_version, .beat_s = 300});
      for (const auto& [code, envelope] : lies_) {
        say(wire::Document{.envelope = envelope});
      }
    } else if (const auto* batch = std::get_if<wire::EventBatch>(&message)) {
      note(*batch);
    }
  }

  /// Nothing is acknowledged, so the real server is told of it all as well.
  void note(const wire::EventBatch& batch) {
    for (const auto& event : batch.events) {
      if (lies_.contains(event.code)) {
        heard_.insert(event.code);
      }
    }
    if (is_done()) {
      say(wire::Bye{.code = "enough", .retry_after_s = 1});
      stream_->finish();
    }
  }

  void say(const wire::Message& message) { (void)stream_->send(wire::encode_message(message)); }

  os::EventLoop& loop_;
  std::map<std::string_view, std::string> lies_;
  wire::FrameReader reader_;
  std::set<std::string> heard_;
  std::unique_ptr<os::Stream> stream_;
};

Status keep(const std::string& data, const std::string& directory) {
  const trust::OpenSslCrypto crypto;
  SKERRY_TRY(const Secrets secrets, steal(data, crypto));
  SKERRY_TRY(const auto disk, os::DirectoryDisk::open_directory(directory));
  return write_atomically(*disk, kept_file, secrets.told.envelope);
}

Status lie(const std::string& data, std::uint16_t port, const std::string& directory) {
  trust::OpenSslCrypto crypto;
  SKERRY_TRY(const auto disk, os::DirectoryDisk::open_directory(directory));
  SKERRY_TRY(std::string older, read_whole(*disk, kept_file, trust::envelope_bytes_max));
  SKERRY_TRY(const Secrets secrets, steal(data, crypto));
  SKERRY_TRY(auto documents, lies(secrets, std::move(older), crypto));
  SKERRY_TRY(const auto loop, os::EventLoop::create());
  SKERRY_TRY(const auto tls,
             os::TlsContext::create(secrets.keys.get(trust::KeyRole::server),
                                    {.role = os::TlsContext::Role::server,
                                     .protocols = {std::string(gateway::site_protocol)},
                                     .accept = [](const PublicKey&) { return true; }}));
  Liar liar(*loop, std::move(documents));
  SKERRY_TRY(const auto listener,
             os::TcpListener::create(*loop,
                                     *os::parse_ip("127.0.0.1", port),
                                     [&](os::Descriptor socket, const os::SocketAddress&) {
                                       (void)liar.open(*tls, std::move(socket));
                                     }));
  const os::Timer end = loop->after(patience, [&] { loop->stop(); });
  loop->run();
  for (const std::string& code : liar.heard()) {
    std::printf("%s\n", code.c_str());
  }
  return liar.is_done() ? Status{}
                        : fail({.kind = ErrorKind::unavailable,
                                .message = "the site did not tell of every refusal"});
}

int run(const std::vector<std::string>& words) {
  Status outcome;
  if (words.size() == 3 && words[0] == "keep") {
    outcome = keep(words[1], words[2]);
  } else if (words.size() == 4 && words[0] == "lie") {
    outcome = lie(words[1], static_cast<std::uint16_t>(std::stoul(words[2])), words[3]);
  } else {
    std::fputs("usage: liar keep DATA DIRECTORY | liar lie DATA PORT DIRECTORY\n", stderr);
    return 2;
  }
  if (!outcome) {
    std::fprintf(stderr, "liar: %s\n", to_string(outcome.error()).c_str());
  }
  return outcome ? 0 : 1;
}

}  // namespace
}  // namespace skerry

int main(int argc, char** argv) {
  return skerry::run({argv + 1, argv + argc});
}
