#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/gateway/admission.h"
#include "server/gateway/gateway.h"
#include "server/store/codes.h"
#include "server/store/writer.h"
#include "sim/fast_crypto.h"
#include "sim/sim_clock.h"
#include "sim/sim_random.h"
#include "sim/sim_vfs.h"
#include "skerry/api/v1/access.pb.h"
#include "trust/sign.h"

namespace skerry::gateway {

/// The peer's end: what the gateway said to it, and whether it ended the link.
class Peer final : public Connection {
 public:
  Status send(std::string_view bytes) override {
    if (is_slow && untaken + bytes.size() > 4 * wire::frame_bytes_max) {
      return fail({.kind = ErrorKind::exhausted, .code = store::queue_full});
    }
    untaken += is_slow ? bytes.size() : 0;
    reader_.feed(bytes);
    while (true) {
      const auto frame = reader_.next().value();
      if (!frame) {
        return {};
      }
      heard.push_back(wire::decode_message(*frame).value());
    }
  }

  [[nodiscard]] std::size_t queued() const override { return untaken; }

  void finish() override { is_finished = true; }

  void on_greeted() override { ++greeted; }

  template <class Message>
  [[nodiscard]] std::vector<Message> all() const {
    std::vector<Message> found;
    for (const wire::Message& message : heard) {
      if (const auto* wanted = std::get_if<Message>(&message)) {
        found.push_back(*wanted);
      }
    }
    return found;
  }

  [[nodiscard]] std::string goodbye() const {
    const auto said = all<wire::Bye>();
    return said.empty() ? "" : said.back().code;
  }

  Gateway::Number number = 0;
  KeyPair key;
  std::vector<wire::Message> heard;
  bool is_finished = false;
  int greeted = 0;
  /// Takes what is sent only when asked to.
  bool is_slow = false;
  std::size_t untaken = 0;

 private:
  wire::FrameReader reader_;
};

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() {
    vfs.set_disk(disk);
    writer = store::Writer::open({.path = "store.db", .vfs = sim::SimVfs::name()},
                                 {.clock = &clock, .random = &random, .crypto = &crypto})
                 .value();
    reader = store::Reader::open("store.db", sim::SimVfs::name()).value();
    gateway = std::make_unique<Gateway>(Desk{
        .reader = reader.get(),
        .submit = [this](store::Change change,
                         store::Done done) { return submit(std::move(change), std::move(done)); },
        .signers = {.keys = &keys, .crypto = &crypto},
        .clock = &clock,
        .random = &random,
        .log = &log,
        .server_version = "test",
        .may_guess = [this](const std::string&) { return ++guesses <= 3; },
        .guessed = [this](const std::string&) { guesses = 0; }});
    add_token("once", false);
    add_token("ask", true);
  }

  ~GatewayTest() override {
    gateway.reset();
    reader.reset();
    writer.reset();
  }

  void add_token(const std::string& secret, bool needs_approval) {
    api::v1::EnrollmentToken token;
    token.mutable_spec()->set_approval_required(needs_approval);
    store::TokenRow row{.kind = store::TokenRow::Kind::enrol,
                        .hash = crypto.sha256(secret),
                        .uses_left = 1,
                        .body = token.SerializeAsString()};
    must(store::AddToken{.token = row});
  }

  Status submit(store::Change change, store::Done done) {
    if (store_trouble) {
      done(fail(*store_trouble));
      return {};
    }
    return writer->submit(std::move(change), std::move(done));
  }

  void must(store::Operation operation) {
    const auto outcome = writer->apply({.operations = {std::move(operation)}});
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    settle();
  }

  void settle() {
    ASSERT_TRUE(writer->drain());
    ASSERT_TRUE(gateway->step(clock.now()));
    ASSERT_TRUE(writer->drain());
  }

  void open(Peer& peer) { peer.number = gateway->on_open(peer.key.public_key, "192.0.2.7", peer); }

  Peer& connect() {
    peers.push_back(std::make_unique<Peer>());
    peers.back()->key = crypto.generate().value();
    open(*peers.back());
    return *peers.back();
  }

  void say(const Peer& peer, const wire::Message& message) {
    gateway->on_bytes(peer.number, wire::encode_message(message));
    settle();
  }

  /// A site that was let in and has said hello.
  Peer& enrolled() {
    Peer& peer = connect();
    say(peer, wire::EnrolRequest{.token = "once", .name = "Till 1"});
    EXPECT_EQ(peer.all<wire::EnrolReply>().size(), 1U);
    say(peer, wire::AgentHello{.charter = {.term = 1, .seq = 1}});
    return peer;
  }

  [[nodiscard]] store::SiteRow row(const Peer& peer) const {
    return **reader->site_by_key(key_id(crypto, peer.key.public_key));
  }

  sim::FastCrypto crypto;
  trust::KeyRing keys = trust::make_keys(crypto).value();
  sim::SimClock clock;
  sim::SimRandom random{3};
  Log log{clock, [](LogLevel, std::string_view) {}};
  sim::SimDisk disk;
  sim::SimVfs vfs;
  std::unique_ptr<store::Writer> writer;
  /// What every change is answered with, where set.
  std::optional<Error> store_trouble;
  std::unique_ptr<store::Reader> reader;
  std::unique_ptr<Gateway> gateway;
  int guesses = 0;
  std::vector<std::unique_ptr<Peer>> peers;
};

}  // namespace skerry::gateway
