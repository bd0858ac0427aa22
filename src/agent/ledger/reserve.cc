#include "agent/ledger/reserve.h"

#include <algorithm>

namespace skerry::agent {
namespace {

constexpr std::uint64_t chunk_bytes = std::uint64_t{64} * 1024;

}  // namespace

Status Reserve::take() {
  if (is_held_) {
    return {};
  }
  const Status filled = fill();
  if (!filled && filled.error().code == disk_full) {
    return remove_if_there(*disk_, name_);
  }
  is_held_ = filled.has_value();
  return filled;
}

/// Synced, so that the space is really taken and not only promised.
Status Reserve::fill() {
  SKERRY_TRY(const std::unique_ptr<File> file, disk_->open(name_, Disk::Create::if_missing));
  SKERRY_TRY(std::uint64_t at, file->size());
  if (at >= size_bytes_) {
    return {};
  }
  const std::string zeros(chunk_bytes, '\0');
  for (; at < size_bytes_; at += chunk_bytes) {
    SKERRY_CHECK(file->write(
        at, std::string_view(zeros).substr(0, std::min(chunk_bytes, size_bytes_ - at))));
  }
  return file->sync();
}

Status Reserve::spend() {
  is_held_ = false;
  return remove_if_there(*disk_, name_);
}

}  // namespace skerry::agent
