#include "engine_fixture.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <openssl/sha.h>

#include "agent/runtime/docker/create_request.h"
#include "base/uuid.h"
#include "os/system_random.h"

namespace skerry::agent::docker {

using reconcile::RuntimeEvent;

Digest HashOnly::sha256(std::string_view bytes) const {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.bytes.data());
  return digest;
}

Result<KeyPair> HashOnly::generate() {
  return KeyPair{};
}

Result<KeyPair> HashOnly::load(Secret) const {
  return KeyPair{};
}

Result<std::string> HashOnly::sign(const KeyPair&, std::string_view) {
  return std::string();
}

bool HashOnly::verify(const PublicKey&, std::string_view, std::string_view) const {
  return false;
}

std::string EngineTest::directory() {
  const char* const found = std::getenv("SKERRY_ENGINE_DIR");
  if (found == nullptr) {
    std::fputs("run it by tests/integration/engine.sh with auto PROGRAM\n", stderr);
    std::exit(2);
  }
  return found;
}

void EngineTest::engine(const std::string& verb, const std::string& options) {
  const auto command = std::string(SKERRY_SOURCE_DIR "/tests/integration/engine.sh ") + verb + " " +
                       directory() + " " + options;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

EngineTest::EngineTest() {
  loop_ = *os::EventLoop::create();
  os::SystemRandom random;
  // The random end of it: those made in the same millisecond begin alike.
  const auto id = to_string(make_uuid(loop_->clock().wall(), random)).substr(24);
  identity_ = {.install_id = id,
               .config_directory = directory() + "/configs-" + id,
               .engine_config_directory = directory() + "/configs-" + id};
  stack_.name = "hello";
  stack_.project = "hello-" + id;
  document::Service web{.name = "web", .image = "skerry-test:1"};
  web.networks.push_back({.network = "default"});
  stack_.services.push_back({.spec = web});
  stack_.networks.push_back({.key = "default", .name = stack_.project + "_default"});
  compile();
  other_ = std::make_unique<EngineClient>(*loop_, directory() + "/docker.sock");
  other_->set_version("v1.41");
}

EngineTest::~EngineTest() {
  if (runtime_ != nullptr) {
    for (const auto& left : std::vector(observed().containers)) {
      EXPECT_TRUE(perform(Verb::remove_container, left.service, left.id));
    }
    for (const auto& left : std::vector(observed().networks)) {
      EXPECT_TRUE(perform(Verb::remove_network, left.key, left.id));
    }
  }
}

void EngineTest::compile() {
  for (auto& service : stack_.services) {
    service.fields = reconcile::desired_fields(crypto_, stack_, service.spec);
    service.config_hash = reconcile::config_hash(crypto_, service.fields);
  }
}

void EngineTest::connect() {
  runtime_.reset();
  events_.clear();
  runtime_ = std::make_unique<DockerRuntime>(
      *loop_,
      crypto_,
      Log(loop_->clock(), [](LogLevel, std::string_view) {}),
      DockerRuntime::Options{.socket_path = directory() + "/docker.sock", .identity = identity_});
  ASSERT_TRUE(wait_until([this] { return observed().complete; }));
}

bool EngineTest::wait_until(const std::function<bool()>& condition,
                            std::chrono::milliseconds limit) {
  const auto deadline = loop_->now() + limit;
  while (true) {
    for (auto& event : runtime_->take_events()) {
      events_.push_back(std::move(event));
    }
    if (condition()) {
      return true;
    }
    if (loop_->now() >= deadline) {
      return false;
    }
    loop_->run_once(std::chrono::milliseconds(50));
  }
}

Status EngineTest::perform(Verb verb, std::string key, std::string id, std::string network) {
  const auto service = std::ranges::find_if(
      stack_.services, [&key](const auto& candidate) { return candidate.spec.name == key; });
  const reconcile::DesiredService* chosen =
      service == stack_.services.end() ? &stack_.services.front() : &*service;
  const auto number = runtime_->begin({.verb = verb,
                                       .stack = stack_.name,
                                       .key = std::move(key),
                                       .id = std::move(id),
                                       .network = std::move(network)},
                                      {.stack = &stack_, .service = chosen});
  const auto is_end = [number](const RuntimeEvent& event) {
    return event.kind == RuntimeEvent::Kind::finished && event.action == number;
  };
  if (!wait_until([&] { return std::ranges::any_of(events_, is_end); }, std::chrono::seconds(60))) {
    ADD_FAILURE() << to_string(verb) << " did not end";
    return {};
  }
  const auto end = std::ranges::find_if(events_, is_end);
  last_text_ = end->text;
  return end->error;
}

void EngineTest::bring_up() {
  const auto succeed = [](const Status& status) {
    ASSERT_TRUE(status) << to_string(status.error());
  };
  for (const auto& network : stack_.networks) {
    succeed(perform(Verb::create_network, network.key));
  }
  for (const auto& volume : stack_.volumes) {
    succeed(perform(Verb::create_volume, volume.key));
  }
  succeed(perform(Verb::create_container, "web"));
  succeed(perform(Verb::start_container, "web", container().id));
  ASSERT_TRUE(is_running());
}

void EngineTest::by_hand(const std::string& method,
                         const std::string& path,
                         const std::string& body) {
  bool done = false;
  other_->send(method, path, body, std::chrono::seconds(60), [&](const Result<Json>& reply) {
    EXPECT_TRUE(reply) << method << " " << path << ": " << to_string(reply.error());
    done = true;
  });
  ASSERT_TRUE(wait_until([&] { return done; }, std::chrono::seconds(60)));
}

Json EngineTest::inspect(const std::string& path) {
  Json out;
  bool done = false;
  other_->get(path, {}, [&](Result<Json> reply) {
    done = true;
    if (reply) {
      out = *std::move(reply);
    }
  });
  EXPECT_TRUE(wait_until([&] { return done; }));
  return out;
}

const reconcile::ObservedContainer& EngineTest::container() const {
  static const reconcile::ObservedContainer none;
  if (observed().containers.size() != 1) {
    ADD_FAILURE() << observed().containers.size() << " containers in place of one";
    return none;
  }
  return observed().containers.front();
}

bool EngineTest::is_running() const {
  return observed().containers.size() == 1 &&
         container().state == reconcile::ContainerState::running;
}

}  // namespace skerry::agent::docker
