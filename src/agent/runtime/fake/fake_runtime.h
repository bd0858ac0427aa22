#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "reconcile/runtime.h"

namespace skerry::agent {

/// What containers of an image do, and how the image is had.
struct FakeImage {
  /// Empty where no registry has it: it cannot be pulled.
  std::string id = {};
  std::string repo_digest = {};
  /// Found at hand without a pull.
  bool is_local = true;
  /// What the image itself says, in the names of reconcile/fields.h.
  reconcile::Fields fields = {};
  std::chrono::milliseconds pull_takes{100};
  /// Not empty: these deeds fail with these words.
  std::string pull_error = {};
  std::string create_error = {};
  std::string start_error = {};
  /// How long a run lasts; without it, for ever.
  std::optional<std::chrono::milliseconds> exits_after = {};
  std::uint32_t exit_code = 0;
  /// It has a health check, which first passes (or fails) after `health_after`.
  bool has_health = false;
  bool is_unhealthy = false;
  std::chrono::milliseconds health_after{500};
};

/// How the fake engine misbehaves.
struct FakeFaults {
  /// Lists cannot be had: `observed` is incomplete.
  bool lists_fail = false;
  /// A list comes back empty and says so itself: incomplete.
  bool lists_are_empty = false;
  /// Of 100 deeds, this many fail though nothing is wrong with them.
  std::uint32_t deeds_fail_percent = 0;
  /// How long a deed takes, drawn from the seed.
  std::chrono::milliseconds deed_takes_min{1};
  std::chrono::milliseconds deed_takes_max{20};
};

/// A container engine that pretends, for tests and the simulator: virtual time, every decision from
/// one seed, told to fail, lie, crash, or be edited by hand.
class FakeRuntime final : public reconcile::Runtime {
 public:
  /// @param random  outlives the runtime
  explicit FakeRuntime(Random& random) : random_(random) {}

  std::uint64_t begin(const reconcile::Action& action, const Context& context) override;

  [[nodiscard]] const reconcile::Observed& observed() const override { return observed_; }

  void watch_images(std::vector<std::string> references) override;
  void scan() override;
  std::vector<reconcile::RuntimeEvent> take_events() override;

  /// Lets time pass up to `now`: deeds end, containers exit, health checks answer.
  ///
  /// @return  when something happens next; `now` while there are events to take
  std::optional<Instant> step(Instant now);

  /// An image in the registry and, where it says so, at hand.
  void put_image(const std::string& reference, FakeImage image);

  FakeFaults& faults() { return faults_; }

  /// The engine is up from the beginning. Containers run on while it is down only with
  /// `keep_running`; else they have exited when it is back, and it starts those whose policy says
  /// so.
  enum class Containers : std::uint8_t { keep_running, stop, lose };
  void stop_engine(Containers containers);
  void start_engine();
  /// A new agent process connects: forgets deeds under way and says `up` anew.
  void greet_again();

  // Hands at the site. Each says whether there was such a container.
  bool kill(std::string_view stack, std::string_view service, std::uint32_t exit_code = 137);
  bool stop(std::string_view stack, std::string_view service);
  bool remove(std::string_view stack, std::string_view service);
  /// The first half of a removal: the engine calls it "removing".
  bool begin_removal(std::string_view stack, std::string_view service);
  bool pause(std::string_view stack, std::string_view service);
  /// It ends by itself, as by a bug of its own.
  bool crash(std::string_view stack, std::string_view service, std::uint32_t exit_code);
  /// Sets a field of the container in place; an empty value takes it away.
  bool edit(std::string_view stack,
            std::string_view service,
            const std::string& field,
            const std::string& value);
  bool relabel(std::string_view stack, std::string_view service, const std::string& config_hash);
  /// Removes it and runs another in its place that has the same labels and one other field.
  bool replace(std::string_view stack,
               std::string_view service,
               const std::string& field,
               const std::string& value);
  /// A second container with the labels of the first.
  bool duplicate(std::string_view stack, std::string_view service);
  bool remove_network(std::string_view stack, std::string_view key);
  /// A container that is listed but no longer there.
  void add_ghost(reconcile::ObservedContainer container);

  /// All deeds done so far, "stop_container shop/web", in order.
  [[nodiscard]] const std::vector<std::string>& history() const { return history_; }

  /// How many deeds were begun while the newest list was known to be incomplete.
  [[nodiscard]] std::uint64_t begun_blindly() const { return begun_blindly_; }

  /// The container as it is, not as it is listed; null where there is none.
  [[nodiscard]] const reconcile::ObservedContainer* find(std::string_view stack,
                                                         std::string_view service) const;

  [[nodiscard]] const std::vector<reconcile::ObservedVolume>& volumes() const { return volumes_; }

  [[nodiscard]] const std::vector<reconcile::ObservedNetwork>& networks() const {
    return networks_;
  }

 private:
  struct Container {
    reconcile::ObservedContainer seen = {};
    std::string image = {};
    document::Service::Restart restart = document::Service::Restart::unspecified;
    std::uint32_t restarts_max = 0;
    std::optional<Instant> exits_at = {};
    std::optional<Instant> health_at = {};
    /// The engine itself starts it again then.
    std::optional<Instant> restarts_at = {};
  };

  struct Pending {
    std::uint64_t number = 0;
    reconcile::Action action = {};
    reconcile::DesiredService service = {};
    std::vector<document::Network> networks = {};
    std::vector<document::Volume> volumes = {};
    Instant ends_at = {};
  };

  Status perform(const Pending& pending);
  Status pull(const Pending& pending);
  Status create(const Pending& pending);
  Status start(const reconcile::Action& action);
  void stop_container(Container& container, std::uint32_t exit_code, bool by_hand);
  void run(Container& container);
  void end_run(Container& container, std::uint32_t exit_code);
  void connect(const Pending& pending, bool connected);
  void update(const Pending& pending);
  Status unpause(const reconcile::Action& action);
  void create_network(const Pending& pending);
  void create_volume(const Pending& pending);
  Status remove_network(const reconcile::Action& action);
  bool advance_container(Container& container);
  Container* by_id(std::string_view id);
  Container* by_service(std::string_view stack, std::string_view service);
  [[nodiscard]] const FakeImage* image(std::string_view reference_or_id) const;
  [[nodiscard]] bool is_at_hand(std::string_view reference_or_id) const;
  bool touched();
  void publish();
  std::string make_id();
  std::chrono::milliseconds deed_time();

  Random& random_;
  Instant now_{};
  bool is_up_ = true;
  bool has_changed_ = true;
  bool has_greeted_ = false;
  std::uint64_t next_number_ = 1;
  std::uint64_t begun_blindly_ = 0;
  FakeFaults faults_;
  std::map<std::string, FakeImage, std::less<>> images_;
  std::set<std::string, std::less<>> at_hand_;
  std::vector<std::string> watched_;
  std::vector<Container> containers_;
  std::vector<reconcile::ObservedContainer> ghosts_;
  std::vector<reconcile::ObservedNetwork> networks_;
  std::vector<reconcile::ObservedVolume> volumes_;
  std::deque<Pending> pending_;
  std::vector<reconcile::RuntimeEvent> events_;
  std::vector<std::string> history_;
  reconcile::Observed observed_;
};

}  // namespace skerry::agent
