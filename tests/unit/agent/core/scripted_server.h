#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/core/agent.h"
#include "agent/runtime/fake/fake_runtime.h"
#include "document/codec.h"
#include "sim/fast_crypto.h"
#include "sim/sim_clock.h"
#include "sim/sim_disk.h"
#include "sim/sim_random.h"
#include "trust/keys.h"
#include "trust/sign.h"

namespace skerry::agent {

/// The far end of the link as a test script: keeps what the agent said until it is looked at.
class ScriptedConnector final : public Connector {
 public:
  void dial(const std::string& address) override {
    dialled.push_back(address);
    is_dialling = true;
  }

  Status send(std::string_view bytes) override {
    if (is_stuck) {
      return fail({.kind = ErrorKind::exhausted, .code = {"queue_full"}, .message = "stuck"});
    }
    reader_.feed(bytes);
    while (true) {
      const auto frame = reader_.next().value();
      if (!frame) {
        return {};
      }
      said.push_back(wire::decode_message(*frame).value());
    }
  }

  void hang_up() override {
    is_dialling = false;
    reader_ = wire::FrameReader();
  }

  /// The messages of one kind since the last call, all kinds forgotten.
  template <class Message>
  std::vector<Message> take() {
    std::vector<Message> found;
    for (wire::Message& message : std::exchange(said, {})) {
      if (auto* wanted = std::get_if<Message>(&message)) {
        found.push_back(std::move(*wanted));
      }
    }
    return found;
  }

  std::vector<std::string> dialled;
  std::vector<wire::Message> said;
  bool is_dialling = false;
  bool is_stuck = false;

 private:
  wire::FrameReader reader_;
};

/// One agent on a simulated disk and engine, and the installation that its script signs for.
class CoreTest : public ::testing::Test {
 protected:
  CoreTest() {
    EXPECT_TRUE(write_enrolment(
        disk,
        {.servers = {"one:443", "two:443"}, .root = id_of(trust::KeyRole::root), .name = "till"}));
    runtime.put_image("web:1", {.id = "image-1"});
    restart();
  }

  /// A new process over the same disk and engine.
  void restart() {
    agent.reset();
    runtime.greet_again();
    Result<std::unique_ptr<Agent>> opened =
        Agent::open({disk, clock, random, crypto, runtime, connector, log}, options);
    ASSERT_TRUE(opened) << to_string(opened.error());
    agent = *std::move(opened);
  }

  [[nodiscard]] Digest id_of(trust::KeyRole role) const {
    return key_id(crypto, keys.get(role).public_key);
  }

  std::string sign_by(trust::KeyRole role, const std::string& payload) {
    return trust::sign(payload, keys.get(role), crypto).value();
  }

  std::string trust_envelope() {
    return sign_by(trust::KeyRole::root, trust::trust_payload(trust::first_trust(keys)));
  }

  std::string charter_envelope(const PublicKey& key,
                               document::PlanNumber number,
                               document::Charter::State state = document::Charter::State::active) {
    const document::Charter charter{.site = site,
                                    .site_keys = {key},
                                    .planner = id_of(trust::KeyRole::planner),
                                    .state = state,
                                    .ceiling = {.forbid_privileged = true}};
    return sign_by(trust::KeyRole::assign, trust::charter_payload(charter, number));
  }

  static document::Release release_of(const std::string& image, bool privileged = false) {
    document::Release release{.stack = "pos", .workload = {.project = "pos"}};
    release.workload.services.push_back({.name = "web", .image = image, .privileged = privileged});
    return release;
  }

  [[nodiscard]] Digest digest_of(const document::Release& release) const {
    return crypto.sha256(trust::release_payload(release));
  }

  std::string manifest_envelope(document::PlanNumber number,
                                const std::vector<document::Release>& releases) {
    document::Manifest manifest;
    for (const document::Release& release : releases) {
      manifest.stacks.push_back({.name = release.stack,
                                 .release = digest_of(release),
                                 .drift = document::DriftMode::enforce});
    }
    return sign_by(trust::KeyRole::planner, trust::manifest_payload(manifest, site, number));
  }

  std::string release_envelope(const document::Release& release) {
    return sign_by(trust::KeyRole::author, trust::release_payload(release));
  }

  /// Steps agent and engine until neither has anything to do before `duration` has passed.
  void run_for(std::chrono::milliseconds duration) {
    const Instant end = clock.now() + duration;
    while (true) {
      runtime.step(clock.now());
      const auto wake = agent->step();
      ASSERT_TRUE(wake) << to_string(wake.error());
      const auto engine = runtime.step(clock.now());
      if (clock.now() >= end) {
        return;
      }
      Instant next = end;
      for (const auto& each : {*wake, engine}) {
        next = each ? std::min(next, *each) : next;
      }
      clock.set(std::min(end, std::max(next, clock.now() + std::chrono::milliseconds{1})));
    }
  }

  void say(const wire::Message& message) {
    const Status taken = agent->on_bytes(wire::encode_message(message));
    ASSERT_TRUE(taken) << to_string(taken.error());
    run_for(std::chrono::milliseconds{1});
  }

  /// Waits until the agent dials, and answers.
  void connect() {
    for (int second = 0; second < 400 && !connector.is_dialling; ++second) {
      run_for(std::chrono::seconds{1});
    }
    ASSERT_TRUE(connector.is_dialling);
    connector.is_dialling = false;
    ASSERT_TRUE(agent->on_open(keys.get(trust::KeyRole::server).public_key));
  }

  void greet() { say(wire::ServerHello{.protocol = 1, .beat_s = 300}); }

  /// From nothing to a steady session of an enrolled site.
  void enrol() {
    connect();
    say(wire::Document{.envelope = trust_envelope()});
    say(wire::TrustEnd{});
    const std::string charter =
        sign_by(trust::KeyRole::enrol,
                trust::charter_payload({.site = site,
                                        .site_keys = {agent->key().public_key},
                                        .planner = id_of(trust::KeyRole::planner),
                                        .state = document::Charter::State::active,
                                        .ceiling = {.forbid_privileged = true}},
                                       {.term = 1, .seq = 1}));
    say(wire::EnrolReply{
        .state = wire::EnrolReply::State::accepted, .site = site, .charter = charter});
    greet();
  }

  /// Tells the site a manifest with these releases and gives it what it asks for.
  void tell(document::PlanNumber number, const std::vector<document::Release>& releases) {
    connector.said.clear();
    say(wire::Document{.envelope = manifest_envelope(number, releases)});
    for (const auto& want : connector.take<wire::Want>()) {
      for (const Digest& digest : want.digests) {
        for (const document::Release& release : releases) {
          if (digest_of(release) == digest) {
            say(wire::Blob{.digest = digest, .envelope = release_envelope(release)});
          }
        }
      }
    }
    run_for(std::chrono::seconds{30});
  }

  [[nodiscard]] bool runs(const std::string& stack, const std::string& service) const {
    const auto* container = runtime.find(stack, service);
    return container != nullptr && container->state == reconcile::ContainerState::running;
  }

  /// Whether the agent has sent such an event, numbered in that start.
  [[nodiscard]] bool was_told(const std::string& code, std::uint64_t start) {
    const auto batches = connector.take<wire::EventBatch>();
    return std::ranges::any_of(batches, [&](const wire::EventBatch& batch) {
      return std::ranges::any_of(batch.events, [&](const document::Event& event) {
        return event.code == code && event.number.start == start;
      });
    });
  }

  [[nodiscard]] bool has_condition(std::string_view code) const {
    const auto conditions = agent->report().conditions;
    return std::ranges::find(conditions, code, &document::Reason::code) != conditions.end();
  }

  /// Whether such an event waits to be acknowledged.
  [[nodiscard]] bool has_event(std::string_view code) const {
    const auto events = agent->outbox().next({}, 100).value();
    return std::ranges::find(events, code, &document::Event::code) != events.end();
  }

  [[nodiscard]] std::uint64_t refused(const ErrorCode& code) const {
    const auto found = agent->intake().refusals().find(code.name);
    return found == agent->intake().refusals().end() ? 0 : found->second;
  }

  static Uuid site_id() {
    Uuid id;
    id.bytes.fill(7);
    return id;
  }

  const Uuid site = site_id();
  sim::FastCrypto crypto;
  trust::KeyRing keys = trust::make_keys(crypto).value();
  sim::SimDisk disk;
  sim::SimClock clock;
  sim::SimRandom random{1};
  FakeRuntime runtime{random};
  ScriptedConnector connector;
  Log log{clock, [](LogLevel, std::string_view) {}};
  AgentOptions options{
      .version = "1", .boot_id = "boot", .token = Secret("token"), .die = [](const Error& error) {
        FAIL() << to_string(error);
      }};
  std::unique_ptr<Agent> agent;
};

}  // namespace skerry::agent
