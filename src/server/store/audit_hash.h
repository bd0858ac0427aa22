#pragma once

#include "base/crypto.h"
#include "server/store/rows.h"

namespace skerry::store {

/// SHA-256 of a row in its one encoding, `previous` included: the link of the chain. Byte-exact in
/// docs/formats/store.md.
Digest audit_hash(const AuditRow& row, const Crypto& crypto);

}  // namespace skerry::store
