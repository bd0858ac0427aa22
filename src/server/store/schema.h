#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "server/store/sqlite.h"
#include "server/store/writer.h"

namespace skerry::store {

/// The schema this build writes. Each step up has a migration in schema.cc, a golden database in
/// tests/data/store and a row in docs/formats/store.md.
inline constexpr std::uint64_t schema_version = 2;

/// Makes the tables of an empty file, or brings an older store up to `schema_version`, in one
/// transaction and after a backup to "<path>.v<old version>".
///
/// @return `store_lost` where an empty file is refused, `store_unknown` where it is somebody
///         else's, `schema_too_new` where a later build has taken away what this one needs
Status prepare_schema(Connection& connection, const Options& options, Random& random);

/// `store_lost` where there is no file, or an empty one. To be asked before SQLite is: it would
/// make the file, and drop the log beside it that belongs to the lost one.
Status require_file(const std::string& path);

/// Makes a copy a store of its own: gives it a writer's name of its own, marks it clean and reads
/// all of it; `store_corrupt` where it does not hold.
Status finish_copy(const std::string& path, const std::string& vfs);

/// `PRAGMA quick_check` of everything.
Status quick_check(Connection& connection);
/// The same with every index held against its table.
Status integrity_check(Connection& connection);

}  // namespace skerry::store
