#pragma once

#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "server/store/reader.h"

/// One signed word about the end of the audit chain, "REVISION:HASH:SIGNATURE". Kept out of the
/// reach of whoever can write the store, it shows later that rows were cut off, that an older store
/// was put back, or that the whole chain was written anew.
namespace skerry::store {

Result<std::string> sign_audit_head(const Head& head, const KeyPair& key, Crypto& crypto);

/// Whether the chain still holds what the word says.
///
/// @return `audit_broken` naming the row; `audit_head_invalid` where it is no such word, or the key
///         has not signed it
Status check_audit_head(std::string_view word,
                        Reader& reader,
                        const PublicKey& key,
                        const Crypto& crypto);

}  // namespace skerry::store
