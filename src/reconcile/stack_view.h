#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/fields.h"
#include "reconcile/reconcile.h"
#include "reconcile/restart.h"

/// What is found of one stack, service by service, for planning and for status alike.
namespace skerry::reconcile {

/// What a service needs as a whole; smaller things stand in `Finding::in_place`.
enum class Need : std::uint8_t { nothing, create, replace };

/// One service and what is found of it.
struct Finding {
  const DesiredService* service = nullptr;
  /// The container that counts; null where there is none.
  const ObservedContainer* container = nullptr;
  /// More containers of the same service than there should be.
  std::vector<const ObservedContainer*> extras = {};
  Need need = Need::nothing;
  std::string reason = {};
  bool is_repair = false;
  /// Made anew only together with this service, which it depends on with `restart: true`.
  std::string follows = {};
  /// In the order to run them, where `need` is nothing. A start comes last.
  std::vector<Action> in_place = {};
  std::vector<document::Drift> drift = {};
  /// Not before this, where that is later than now.
  std::optional<Instant> not_before = {};
  /// When to look again, though nothing is held back until then.
  std::optional<Instant> look_again = {};
  /// A one-shot that has run to its end for this configuration.
  bool is_completed = false;
};

/// A difference as people are told it: nothing there is "none".
document::Drift drift_of(std::string stack, std::string object, Difference difference);

/// How far a dependency is from what its dependents wait for.
enum class Readiness : std::uint8_t { ready, coming, failing };

struct View {
  const Desired& desired;
  const Observed& observed;
  const Memories& memories;
  Instant now;
};

/// The memory of that key; one that remembers nothing where there is none.
const Memory& memory_of(const Memories& memories, std::string_view key);

/// One stack as found, its services in dependency order.
class StackView {
 public:
  StackView(const View& view, const DesiredStack& stack);

  [[nodiscard]] const DesiredStack& stack() const { return *stack_; }

  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }

  std::vector<Finding>& findings() { return findings_; }

  [[nodiscard]] const Finding* find(std::string_view service) const;

  /// Whether differences are put right: always, but for drift in report mode.
  [[nodiscard]] bool enforces() const { return enforces_; }

  /// @param started  services that are started earlier in the same plan
  [[nodiscard]] Readiness readiness(const document::Dependency& dependency,
                                    const std::set<std::string>& started) const;
  /// The first dependency that keeps the service from being started; null if nothing does.
  [[nodiscard]] const document::Dependency* blocker(const Finding& finding,
                                                    const std::set<std::string>& started) const;
  /// Whether the image that a container of the service would be made from is at hand.
  [[nodiscard]] bool has_image(const DesiredService& service) const;

 private:
  Finding assess(const DesiredService& service) const;
  void assess_container(Finding& finding) const;
  void assess_fields(Finding& finding) const;
  void assess_state(Finding& finding) const;
  void assess_standing(Finding& finding) const;
  void add_start(Finding& finding, std::string reason, bool is_repair) const;
  void add_network_repairs(Finding& finding, const Difference& difference) const;
  void add_drift(Finding& finding, Difference difference) const;
  [[nodiscard]] const Memory& memory(std::string_view service) const;
  [[nodiscard]] Action action(const Finding& finding, Action::Verb verb) const;

  View view_;
  const DesiredStack* stack_;
  bool enforces_;
  std::vector<Finding> findings_;
};

/// Services in the order in which their dependencies allow them, else in the order of the release.
std::vector<const DesiredService*> dependency_order(const DesiredStack& stack);

}  // namespace skerry::reconcile
