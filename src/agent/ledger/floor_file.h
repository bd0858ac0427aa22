#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/disk.h"
#include "base/result.h"
#include "document/report.h"

namespace skerry::agent {

/// The newest numbers this site ever accepted. Never goes down (G4).
struct FloorRecord {
  document::PlanNumber number = {};
  /// Of the manifest with that number; an equal number with another digest is an alarm.
  Digest digest = {};
  /// Commands up to this number have been taken (G6).
  document::PlanNumber command = {};

  friend bool operator==(const FloorRecord&, const FloorRecord&) = default;
};

/// Two checksummed records in one small file, written alternately and apart from the ledger: a torn
/// write or one damaged record leaves the other. Losing both is adopt mode. The room of both is
/// taken when the file is made, so that a full disk keeps no floor from being raised (G21).
class FloorFile {
 public:
  /// Reads both records and heals a damaged one from the other. A full disk is no error.
  static Result<FloorFile> open(Disk& disk, const std::string& name);

  /// Nothing where there never was a floor, or where both records are lost.
  [[nodiscard]] const std::optional<FloorRecord>& value() const { return value_; }

  /// Durable when it returns without an error; after an error the process must exit and recover.
  Status write(const FloorRecord& record);

 private:
  explicit FloorFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  Status take_room();

  std::unique_ptr<File> file_;
  std::optional<FloorRecord> value_;
  std::uint64_t counter_ = 0;
};

}  // namespace skerry::agent
