#pragma once

#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "document/trust_document.h"
#include "trust/anchors.h"
#include "trust/opened.h"

namespace skerry::trust {

/// Reads a trust document's body and checks what every one must be: at least one root key and
/// signature asked for, no key twice, the header's version.
Result<document::Trust> read_trust(const document::Header& header, std::string_view body);

/// Whether enough roots signed a trust document: of the held version and of its own; for the first
/// one held here, its own and among them the anchor. Every signature on it must be good.
Status check_roots(const Opened& opened, const Anchors& anchors, const Crypto& crypto);

}  // namespace skerry::trust
