#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "document/codec.h"
#include "server/planner/planner.h"
#include "server/recovery/recovery.h"
#include "server/store/kinds.h"
#include "server/store/writer.h"
#include "sim/fast_crypto.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"
#include "trust/opened.h"
#include "trust/sign.h"
#include "unit/os/temporary_directory.h"
#include "unit/server/store/standing.h"

namespace skerry::planner {

/// A store and a planner over it. Stacks name their sites; what selectors choose is place's to
/// test.
class PlannerTest : public ::testing::Test {
 protected:
  PlannerTest() {
    writer = store::Writer::open({.path = path()},
                                 {.clock = &clock, .random = &random, .crypto = &crypto})
                 .value();
    reader = store::Reader::open(path()).value();
    key = crypto.generate().value();
    author = crypto.generate().value();
    restart();
  }

  /// Forgets everything the planner keeps in memory.
  void restart(Options options = {}) {
    planner = std::make_unique<Planner>(planner_environment(), options);
  }

  [[nodiscard]] Environment planner_environment() {
    return {.reader = reader.get(),
            .submit =
                [this](store::Change change, store::Done done) {
                  return writer->submit(std::move(change), std::move(done));
                },
            .key = &key,
            .crypto = &crypto};
  }

  /// Steps planner and writer until nothing moves any more.
  void settle() {
    for (int round = 0; round < 100; ++round) {
      const Result<Planner::Progress> progress = planner->step();
      ASSERT_TRUE(progress) << progress.error().message;
      ASSERT_TRUE(writer->drain());
      if (*progress == Planner::Progress::idle) {
        return;
      }
    }
    FAIL() << "the planner does not settle";
  }

  store::Effect must(store::Operation operation) {
    const Result<store::Outcome> outcome = writer->apply({.operations = {std::move(operation)}});
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? outcome->effects.at(0) : store::Effect{};
  }

  static Uuid site_id(std::uint8_t which) {
    Uuid id;
    id.bytes.fill(which);
    return id;
  }

  static Digest digest(std::uint8_t which) {
    Digest value;
    value.bytes.fill(which);
    return value;
  }

  void describe_site(std::uint8_t which, const std::string& name) {
    api::v1::Site site;
    site.mutable_metadata()->set_name(name);
    must(store::PutObject{
        .kind = "Site", .name = name, .body = site.SerializeAsString(), .uid = site_id(which)});
  }

  void charter(std::uint8_t which, std::uint64_t term, bool adopting = false) {
    must(store::SetCharter{.site = site_id(which),
                           .term = term,
                           .seq = 1,
                           .envelope = "charter",
                           .key = digest(which),
                           .planner = key_id(crypto, key.public_key),
                           .adopting = adopting});
  }

  store::SiteNumber add_site(std::uint8_t which, const std::string& name) {
    const store::SiteNumber number =
        must(store::AddSite{.id = site_id(which), .key = digest(which)}).site;
    charter(which, 1);
    describe_site(which, name);
    return number;
  }

  /// Applies a stack as the API does: object, release row and blob in one change.
  Digest put_stack(const std::string& name,
                   const std::vector<std::string>& sites,
                   int version = 1,
                   std::vector<document::Slot> slots = {}) {
    api::v1::Stack stack;
    stack.mutable_metadata()->set_name(name);
    stack.mutable_spec()->set_compose("version " + std::to_string(version));
    for (const std::string& site : sites) {
      stack.mutable_spec()->mutable_targets()->add_sites(site);
    }
    const std::string payload = trust::release_payload(
        {.stack = name,
         .workload = {.project = name + std::to_string(version), .slots = std::move(slots)}});
    const Digest release = crypto.sha256(payload);
    store::Change change;
    change.operations.push_back(
        store::PutBlob{.digest = release, .bytes = trust::sign(payload, author, crypto).value()});
    change.operations.push_back(
        store::PutObject{.kind = "Stack", .name = name, .body = stack.SerializeAsString()});
    change.operations.push_back(store::PutObject{
        .kind = std::string(store::release_kind), .name = name, .body = to_string(release)});
    EXPECT_TRUE(writer->apply(std::move(change)));
    return release;
  }

  /// As a restore leaves the store.
  void begin_restore() {
    must(store::PutObject{.kind = std::string(recovery::restore_kind),
                          .name = std::string(recovery::restore_name)});
  }

  void decide_on(const std::string& stack) {
    must(store::PutObject{.kind = std::string(recovery::decision_kind), .name = stack});
  }

  void report(store::SiteNumber site, document::Report report) {
    report.number = {.start = 1, .seq = ++reports_};
    must(store::SetState{
        .state = {.site = site, .number = report.number, .accepted = report.accepted},
        .report = document::encode(report)});
  }

  /// What the site was told last; an empty manifest and number 0.0 where nothing.
  std::pair<document::PlanNumber, document::Manifest> told(store::SiteNumber site) {
    const std::optional<store::ToldRow> row = reader->told(site).value();
    if (!row) {
      return {};
    }
    const trust::Opened opened = trust::open_envelope(row->envelope, crypto).value();
    EXPECT_EQ(opened.digest, row->digest);
    EXPECT_TRUE(trust::is_signed_by(opened, key.public_key, crypto));
    return {row->number, document::decode<document::Manifest>(opened.payload.body).value()};
  }

  std::vector<std::string> stacks_told(store::SiteNumber site) {
    std::vector<std::string> names;
    for (const document::StackAssignment& stack : told(site).second.stacks) {
      names.push_back(stack.name);
    }
    return names;
  }

  [[nodiscard]] std::string path() const { return directory.path() + "/store.db"; }

  os::TemporaryDirectory directory;
  store::StandingClock clock;
  store::CountingRandom random;
  sim::FastCrypto crypto;
  KeyPair key;
  KeyPair author;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Reader> reader;
  std::unique_ptr<Planner> planner;

 private:
  std::uint64_t reports_ = 0;
};

}  // namespace skerry::planner
