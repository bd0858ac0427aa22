#pragma once

#include <memory>
#include <string>

#include "base/crypto.h"
#include "base/disk.h"
#include "base/result.h"
#include "server/store/writer.h"
#include "trust/keys.h"

namespace skerry::server {

/// What an installation is besides its store: its keys, and the root that anchors its trust.
struct Installation {
  trust::KeyRing keys = {};
  /// The id of the root key, which every site is given at enrolment.
  Digest root = {};
  /// See charters::Signers.
  bool brings_planner = false;
};

enum class AcceptLost : std::uint8_t { no, yes };

/// Opens the installation's store, or makes it where there are no keys either. Keys without a store
/// mean that it was lost: then a new one is made only where that is accepted.
///
/// @return `store_lost`, with what to do as the hint, or what `store::Writer::open` says
Result<std::unique_ptr<store::Writer>> open_writer(Disk& keys_disk,
                                                   const std::string& store_path,
                                                   AcceptLost accept,
                                                   const store::Environment& environment);

/// Makes the keys and the first trust document of an empty store, or reads the keys of one in use.
///
/// @param keys_disk  the directory of the key files
/// @return  `key_missing` where a store in use has lost its planner or server key,
/// `key_not_trusted`
///          where it is another one than its sites know
Result<Installation> open_installation(Disk& keys_disk,
                                       store::Writer& writer,
                                       const std::string& store_path,
                                       Crypto& crypto);

}  // namespace skerry::server
