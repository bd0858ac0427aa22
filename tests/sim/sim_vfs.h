#pragma once

#include <memory>

#include "sim/sim_disk.h"

namespace skerry::sim {

/// SQLite over a `SimDisk`: the store runs on a disk that loses power, fills up and fails.
///
/// Registered under `name()` while it lives; one at a time. All connections belong to one process
/// of the simulated server, so locks and the write-ahead index live in memory and go with it.
class SimVfs {
 public:
  SimVfs();
  SimVfs(const SimVfs&) = delete;
  SimVfs& operator=(const SimVfs&) = delete;
  ~SimVfs();

  static const char* name() { return "sim"; }

  /// Puts another disk in: what a power cut has left. Every connection must be closed.
  ///
  /// @param disk  outlives the connections opened after this
  void set_disk(SimDisk& disk);

 private:
  struct Vfs;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace skerry::sim
