#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/reconciler/reconciler.h"
#include "agent/runtime/fake/fake_runtime.h"
#include "base/random.h"
#include "trust/openssl_crypto.h"

namespace skerry::agent {

/// splitmix64: every run of a test is the same run.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) {
      state_ += 0x9e3779b97f4a7c15ULL;
      std::uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9ULL;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
      byte = static_cast<std::uint8_t>(mixed >> 56);
    }
  }

 private:
  std::uint64_t state_;
};

/// A ledger in memory. It outlives a reconciler, as a disk does.
class MemoryJournal final : public Journal {
 public:
  [[nodiscard]] std::vector<StackRecord> stacks() const override {
    std::vector<StackRecord> all;
    for (const auto& [name, record] : records) {
      all.push_back(record);
    }
    return all;
  }

  [[nodiscard]] SiteRecord site() const override { return site_record; }

  void put(const StackRecord& record) override {
    on_write("stack " + record.stack);
    records[record.stack] = record;
  }

  void put(const SiteRecord& record) override {
    on_write("site");
    site_record = record;
  }

  void forget(const std::string& stack) override { records.erase(stack); }

  Result<const document::Release*> release(const std::string&, const Digest& digest) override {
    const auto found = releases.find(digest);
    if (found == releases.end()) {
      return fail({.kind = ErrorKind::unavailable, .message = "not here"});
    }
    return &found->second;
  }

  void event(document::Event event) override { events.push_back(std::move(event)); }

  [[nodiscard]] std::size_t count(const std::string& code) const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [&](const auto& event) { return event.code == code; }));
  }

  [[nodiscard]] const document::Event* find(const std::string& code) const {
    const auto found = std::find_if(
        events.begin(), events.end(), [&](const auto& event) { return event.code == code; });
    return found == events.end() ? nullptr : &*found;
  }

  std::map<std::string, StackRecord> records;
  SiteRecord site_record;
  std::map<Digest, document::Release> releases;
  std::vector<document::Event> events;
  std::function<void(const std::string&)> on_write = [](const std::string&) {};
};

inline Digest digest(std::uint8_t number) {
  Digest digest;
  digest.bytes[0] = number;
  return digest;
}

inline document::Service service(const std::string& name, const std::string& image) {
  return {.name = name, .image = image, .networks = {{.network = "default"}}};
}

/// A site in virtual time: a reconciler, its journal and a fake engine.
class Site {
 public:
  Site() { restart_agent(); }

  /// Makes a release of these services known and gives its assignment.
  document::StackAssignment release(const std::string& stack,
                                    std::uint8_t number,
                                    std::vector<document::Service> services) {
    document::Workload workload{.project = stack,
                                .services = std::move(services),
                                .networks = {{.key = "default", .name = stack + "_default"}}};
    journal.releases[digest(number)] = {.stack = stack, .workload = std::move(workload)};
    return {.name = stack, .release = digest(number), .drift = document::DriftMode::enforce};
  }

  void desire(std::vector<document::StackAssignment> assignments) {
    manifest_ = std::move(assignments);
    reconciler->set_desired(*manifest_);
  }

  /// A new process over the same journal and engine; the deeds of the old one end unheard.
  void restart_agent() {
    reconciler = std::make_unique<Reconciler>(Reconciler::Outside{runtime, journal, crypto});
    if (manifest_) {
      reconciler->set_desired(*manifest_);
    }
    runtime.greet_again();
  }

  void run_for(std::chrono::milliseconds duration) {
    run_until([] { return false; }, duration);
  }

  /// @return  how long it took; the whole `limit` and a millisecond where it never came true
  std::chrono::milliseconds run_until(const std::function<bool()>& is_done,
                                      std::chrono::milliseconds limit) {
    const Instant begin = now;
    const Instant end = now + limit;
    while (true) {
      runtime.step(now);
      const auto agent_wake = reconciler->step(now);
      const auto runtime_wake = runtime.step(now);  // It knows of new deeds now.
      if (is_done()) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(now - begin);
      }
      if (now >= end) {
        return limit + std::chrono::milliseconds{1};
      }
      Instant next = end;
      for (const auto& wake : {runtime_wake, agent_wake}) {
        next = wake ? std::min(next, *wake) : next;
      }
      now = std::min(end, std::max(next, now + std::chrono::milliseconds{1}));
    }
  }

  [[nodiscard]] document::WorkloadState state(const std::string& stack) const {
    for (const auto& status : reconciler->state().stacks) {
      if (status.name == stack) {
        return status.state;
      }
    }
    return document::WorkloadState::unspecified;
  }

  [[nodiscard]] const document::StackStatus& status(const std::string& stack) const {
    const auto& all = reconciler->state().stacks;
    return *std::find_if(
        all.begin(), all.end(), [&](const auto& item) { return item.name == stack; });
  }

  [[nodiscard]] bool is_running(const std::string& stack, const std::string& name) const {
    const auto* container = runtime.find(stack, name);
    return container != nullptr && container->state == reconcile::ContainerState::running;
  }

  [[nodiscard]] bool is_good(const std::string& stack, std::uint8_t number) const {
    const auto found = journal.records.find(stack);
    return found != journal.records.end() && found->second.good && !found->second.applying &&
           found->second.good->revision.release == digest(number);
  }

  /// Applies and waits until it is known to be good.
  void settle(std::vector<document::StackAssignment> assignments) {
    desire(std::move(assignments));
    run_until(
        [&] {
          return std::all_of(manifest_->begin(), manifest_->end(), [&](const auto& assignment) {
            return is_good(assignment.name, assignment.release.bytes[0]);
          });
        },
        std::chrono::minutes{2});
  }

  SeededRandom random{7};
  FakeRuntime runtime{random};
  MemoryJournal journal;
  trust::OpenSslCrypto crypto;
  std::unique_ptr<Reconciler> reconciler;
  Instant now = Instant{} + std::chrono::hours{1};

 private:
  std::optional<std::vector<document::StackAssignment>> manifest_;
};

}  // namespace skerry::agent
