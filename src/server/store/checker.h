#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/crypto.h"
#include "base/result.h"
#include "server/store/reader.h"

namespace skerry::store {

/// Looks for damage in a store while it is used, on a thread and a connection of its own: at once,
/// and wholly a while after the start and then every week. At once it walks the end of the audit
/// chain, and after an unclean stop reads the whole file; the whole check walks the whole chain.
///
/// What it finds is told, never repaired.
class Checker {
 public:
  struct Schedule {
    /// The last run did not end by `close`: begin with a quick check of the file.
    bool unclean = false;
    /// The last audit rows that are walked at once.
    std::uint64_t audit_rows = 10'000;
    /// Of whole checks, which also compare every index with its table.
    std::chrono::milliseconds first = std::chrono::hours(1);
    std::chrono::milliseconds every = std::chrono::hours(24 * 7);
  };

  /// Called on the checker's thread after each check.
  using Checked = std::function<void(Reader::Depth depth, const Status& found)>;

  /// @param path    of a store that a writer has opened
  /// @param crypto  used on the checker's thread; outlives it
  static Result<std::unique_ptr<Checker>> start(const std::string& path,
                                                Schedule schedule,
                                                const Crypto& crypto,
                                                Checked checked);
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  /// Breaks off what it is at, and joins.
  ~Checker();

 private:
  Checker(std::unique_ptr<Reader> reader, Schedule schedule, const Crypto& crypto, Checked checked);

  void run();
  void check(Reader::Depth depth);
  Status look(Reader::Depth depth);
  /// Whether there is time for another check, once it has come.
  bool wait(std::chrono::milliseconds time);

  std::unique_ptr<Reader> reader_;
  Schedule schedule_;
  const Crypto& crypto_;
  Checked checked_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace skerry::store
