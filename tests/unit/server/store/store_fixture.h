#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "base/crypto.h"
#include "server/store/reader.h"
#include "server/store/writer.h"
#include "unit/os/temporary_directory.h"
#include "unit/server/store/standing.h"

namespace skerry::store {

/// SHA-256 for real (the chain must be), signatures not at all.
class HashOnly final : public Crypto {
 public:
  [[nodiscard]] Digest sha256(std::string_view bytes) const override {
    Digest digest;
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.bytes.data());
    return digest;
  }

  Result<KeyPair> generate() override { return KeyPair{}; }

  [[nodiscard]] Result<KeyPair> load(Secret) const override { return KeyPair{}; }

  Result<std::string> sign(const KeyPair&, std::string_view) override { return std::string(); }

  [[nodiscard]] bool verify(const PublicKey&, std::string_view, std::string_view) const override {
    return false;
  }
};

/// A store in a directory of its own.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { open(); }

  void open(Options options = {}) {
    options.path = path();
    Result<std::unique_ptr<Writer>> opened = Writer::open(options, environment());
    ASSERT_TRUE(opened) << opened.error().message;
    writer = *std::move(opened);
    Result<std::unique_ptr<Reader>> reading = Reader::open(path(), options.vfs);
    ASSERT_TRUE(reading) << reading.error().message;
    reader = *std::move(reading);
  }

  void shut() {
    reader.reset();
    writer.reset();
  }

  void reopen() {
    shut();
    open();
  }

  [[nodiscard]] std::string path() const { return directory.path() + "/store.db"; }

  [[nodiscard]] Environment environment() {
    return {.clock = &clock, .random = &random, .crypto = &crypto};
  }

  Result<Outcome> apply(Operation operation) {
    Change change{.by = {.name = "user/ana", .method = "password"}};
    change.operations.push_back(std::move(operation));
    return writer->apply(std::move(change));
  }

  /// Applies what must succeed and says what it did.
  Effect must(Operation operation) {
    Result<Outcome> outcome = apply(std::move(operation));
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? outcome->effects.at(0) : Effect{};
  }

  Effect put(const std::string& name, const std::string& body) {
    return must(
        PutObject{.kind = "Stack", .name = name, .body = body, .spec_digest = crypto.sha256(body)});
  }

  SiteNumber add_site(std::uint8_t which) {
    const SiteNumber number = must(AddSite{.id = site_id(which), .key = digest(which)}).site;
    must(SetCharter{.site = site_id(which),
                    .term = 1,
                    .seq = 1,
                    .envelope = "charter",
                    .key = digest(which),
                    .planner = planner_key});
    return number;
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

  const Digest planner_key = digest(200);
  os::TemporaryDirectory directory;
  StandingClock clock;
  CountingRandom random;
  HashOnly crypto;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<Reader> reader;
};

}  // namespace skerry::store
