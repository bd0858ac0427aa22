#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/runtime/docker/config_files.h"
#include "agent/runtime/docker/engine_client.h"
#include "agent/runtime/docker/engine_view.h"
#include "agent/runtime/docker/identity.h"
#include "agent/runtime/docker/pull.h"
#include "base/result.h"
#include "reconcile/runtime.h"

namespace skerry::agent::docker {

/// Performs actions at the engine: each is a few requests, and then a fresh look at what it
/// touched, so that whoever is told of its end sees its outcome.
///
/// A fixed set of verbs; nothing that a document says becomes a path or a request of its own (T38).
class Deeds {
 public:
  struct Callbacks {
    /// The action has ended; `text` says what people should know besides.
    std::function<void(std::uint64_t number, Status outcome, std::string text)> finished = {};
    std::function<void(std::uint64_t number, std::string text)> progress = {};
  };

  Deeds(EngineClient& client,
        EngineView& view,
        os::EventLoop& loop,
        const Crypto& crypto,
        Identity identity,
        Callbacks callbacks);
  Deeds(const Deeds&) = delete;
  Deeds& operator=(const Deeds&) = delete;
  ~Deeds();

  /// `finished` follows, maybe before this returns.
  void begin(std::uint64_t number,
             const reconcile::Action& action,
             const reconcile::Runtime::Context& context);

  /// Whether containers are being made, whose config files nobody has mounted yet.
  [[nodiscard]] bool creating() const;

  void drop_unused_config_files();

 private:
  struct Deed;
  using Next = std::function<void(Deed&, Result<Json>)>;

  void pull(Deed& deed);
  void create_network(Deed& deed);
  void create_volume(Deed& deed);
  void create_container(Deed& deed);
  void get_image(Deed& deed);
  void on_image(Deed& deed, const Result<Json>& reply);
  void post_container(Deed& deed);
  void on_name_taken(Deed& deed, const Error& conflict);
  void on_created(Deed& deed, const Json& reply);
  void connect_rest(Deed& deed);
  void give_up_created(Deed& deed, Error error);
  void start(Deed& deed);
  void stop(Deed& deed);
  void remove(Deed& deed);
  void connect(Deed& deed);
  void disconnect(Deed& deed);
  void update(Deed& deed);
  void unpause(Deed& deed);
  void remove_network(Deed& deed);

  /// A request whose answer goes to `next`, if the deed is still there.
  void send(Deed& deed, std::string method, const std::string& path, std::string body, Next next);
  void get(Deed& deed, std::string path, Wanted wanted, Next next);
  /// An answer that ends the deed, after a look at what it touched.
  Next last();
  void end(Deed& deed, const Status& outcome);
  void finish(std::uint64_t number, Status outcome);
  [[nodiscard]] Deed* find(std::uint64_t number);

  EngineClient& client_;
  EngineView& view_;
  os::EventLoop& loop_;
  Identity identity_;
  ConfigFiles configs_;
  Callbacks callbacks_;
  std::map<std::uint64_t, std::unique_ptr<Deed>> deeds_;
};

}  // namespace skerry::agent::docker
