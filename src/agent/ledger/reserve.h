#pragma once

#include <cstdint>
#include <string>

#include "base/disk.h"

namespace skerry::agent {

/// Space that is kept from everybody else: a file of zeros that is given up where the disk is full.
class Reserve {
 public:
  Reserve(Disk& disk, std::string name, std::uint64_t size_bytes)
      : disk_(&disk), name_(std::move(name)), size_bytes_(size_bytes) {}

  /// Takes the space if it is there to be taken; a full disk is no error.
  Status take();
  /// Gives it back to the disk.
  Status spend();

  [[nodiscard]] bool is_held() const { return is_held_; }

 private:
  [[nodiscard]] Status fill();

  Disk* disk_;
  std::string name_;
  std::uint64_t size_bytes_;
  bool is_held_ = false;
};

}  // namespace skerry::agent
