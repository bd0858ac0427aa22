// Status writes through the store's real path: submit, one transaction a group, synchronous=FULL,
// a report of 400 bytes, sites in random order as they would call in. Times depend on the disk
// under STORE_BENCH_DIR (the current directory by default), so compare groups inside one run.
//
// STORE_BENCH_SITES sets the fleet (20,000 by default; 100,000 with STORE_BENCH_BLOB_MB=900 makes
// the database of 1 GB that the budget names).
#include <cstdlib>
#include <filesystem>

#include <benchmark/benchmark.h>
#include <openssl/sha.h>

#include "server/store/reader.h"
#include "server/store/writer.h"

namespace skerry::store {
namespace {

class BenchClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }

  [[nodiscard]] WallTime wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

class BenchRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::uint8_t>(state_ >> 56U);
    }
  }

 private:
  std::uint64_t state_ = 1;
};

class BenchCrypto final : public Crypto {
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

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Ends the program where the store did: a benchmark has nobody to return an error to.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "store_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  return *std::move(result);
}

void must(const Status& status) {
  if (!status) {
    std::fprintf(stderr, "store_bench: %s\n", status.error().message.c_str());
    std::exit(1);
  }
}

/// A fleet in a store of its own, gone when the program ends.
class Fleet {
 public:
  Fleet() : sites_(setting("STORE_BENCH_SITES", 20'000)) {
    const char* under = std::getenv("STORE_BENCH_DIR");
    folder_ = (std::filesystem::path(under == nullptr ? "." : under) / "store_bench.tmp").string();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    writer_ = must(Writer::open({.path = folder_ + "/store.db", .lane_max = 1 << 20},
                                {.clock = &clock_, .random = &random_, .crypto = &crypto_}));
    add_sites();
    add_blobs(setting("STORE_BENCH_BLOB_MB", 0));
  }

  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  ~Fleet() {
    writer_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// Queues one status of a random site.
  void submit_status() {
    const auto site = static_cast<SiteNumber>(1 + random_.below(sites_));
    SetState status{.state = {.site = site,
                              .number = {.start = 1, .seq = ++seq_},
                              .accepted = {.term = 1, .seq = seq_},
                              .seen_at = clock_.wall()},
                    .report = std::string(400, 'r')};
    must(
        writer_->submit({.operations = {std::move(status)}, .lane = Change::Lane::status},
                        [this](const Result<Outcome>& outcome) { written_ += outcome ? 1U : 0U; }));
  }

  void commit() { must(writer_->drain()); }

  [[nodiscard]] std::uint64_t written() const { return written_; }

  Writer& writer() { return *writer_; }

 private:
  void add_sites() {
    for (std::uint64_t site = 0; site < sites_; ++site) {
      AddSite add;
      random_.fill(add.id.bytes);
      random_.fill(add.key.bytes);
      must(writer_->submit({.operations = {add}}, [](const Result<Outcome>&) {}));
    }
    commit();
  }

  void add_blobs(std::uint64_t megabytes) {
    for (std::uint64_t each = 0; each < megabytes; ++each) {
      PutBlob blob{.bytes = std::string(1 << 20, 'b')};
      random_.fill(blob.digest.bytes);
      must(writer_->submit({.operations = {std::move(blob)}}, [](const Result<Outcome>&) {}));
      commit();
    }
  }

  BenchClock clock_;
  BenchRandom random_;
  BenchCrypto crypto_;
  std::string folder_;
  std::uint64_t sites_;
  std::uint64_t seq_ = 0;
  std::uint64_t written_ = 0;
  std::unique_ptr<Writer> writer_;
};

Fleet& fleet() {
  static Fleet made;
  return made;
}

void BM_StatusWrites(benchmark::State& state) {
  const std::uint64_t before = fleet().written();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      fleet().submit_status();
    }
    fleet().commit();
  }
  const std::uint64_t written = fleet().written() - before;
  state.counters["writes"] =
      benchmark::Counter(static_cast<double>(written), benchmark::Counter::kIsRate);
}

BENCHMARK(BM_StatusWrites)->Arg(1)->Arg(16)->Arg(256)->Arg(2048)->UseRealTime();

void BM_AuditedChange(benchmark::State& state) {
  std::uint64_t number = 0;
  std::int64_t committed = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      must(fleet().writer().submit(
          {.operations = {PutObject{
               .kind = "Stack", .name = "stack", .body = std::to_string(++number)}}},
          [](const Result<Outcome>&) {}));
    }
    fleet().commit();
    committed += state.range(0);
  }
  state.SetItemsProcessed(committed);
}

BENCHMARK(BM_AuditedChange)->Arg(1)->Arg(64)->UseRealTime();

}  // namespace
}  // namespace skerry::store
