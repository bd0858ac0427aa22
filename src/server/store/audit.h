#pragma once

#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "server/store/audit_hash.h"
#include "server/store/rows.h"
#include "server/store/sqlite.h"

namespace skerry::store {

Status insert_audit(Connection& connection, const AuditRow& row);

Result<std::vector<AuditRow>> read_audit(Connection& connection,
                                         std::uint64_t after,
                                         std::size_t limit);

/// See `Reader::verify_audit`.
Status verify_audit_chain(Connection& connection, const Crypto& crypto, std::uint64_t rows_max);

}  // namespace skerry::store
