#pragma once

#include <cstdint>
#include <string_view>

namespace skerry::agent {

/// CRC-32C (Castagnoli, as in RFC 3720 §12.1). Finds damage, proves nothing against an attacker.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace skerry::agent
