#pragma once

#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "server/store/rows.h"
#include "server/store/sqlite.h"

namespace skerry::store {

/// SHA-256 of a row in its one encoding, `previous` included: the link of the chain. Byte-exact in
/// docs/formats/store.md.
Digest audit_hash(const AuditRow& row, const Crypto& crypto);

Status insert_audit(Connection& connection, const AuditRow& row);

Result<std::vector<AuditRow>> read_audit(Connection& connection,
                                         std::uint64_t after,
                                         std::size_t limit);

/// See `Reader::verify_audit`.
Status verify_audit_chain(Connection& connection, const Crypto& crypto);

}  // namespace skerry::store
