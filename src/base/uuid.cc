#include "base/uuid.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace skerry {
namespace {

constexpr ErrorCode bad_uuid{"bad_uuid"};

tl::unexpected<Error> not_a_uuid() {
  return fail({.kind = ErrorKind::invalid,
               .code = bad_uuid,
               .message = "a uuid has 32 hexadecimal digits in groups of 8-4-4-4-12"});
}

}  // namespace

Uuid make_uuid(WallTime now, Random& random) {
  Uuid uuid;
  random.fill(uuid.bytes);
  const auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) {
    uuid.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40U - 8U * i));
  }
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0FU) | 0x70U);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3FU) | 0x80U);
  return uuid;
}

std::string to_string(const Uuid& uuid) {
  std::string text = to_hex(uuid.view());
  for (const std::size_t at : {20U, 16U, 12U, 8U}) {
    text.insert(at, 1, '-');
  }
  return text;
}

Result<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) {
    return not_a_uuid();
  }
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash_here != (text[i] == '-')) {
      return not_a_uuid();
    }
    if (!dash_here) {
      digits += text[i];
    }
  }
  const Result<std::string> bytes = from_hex(digits);
  return bytes ? uuid_from_bytes(*bytes) : not_a_uuid();
}

Result<Uuid> uuid_from_bytes(std::string_view bytes) {
  Uuid uuid;
  if (bytes.size() != uuid.bytes.size()) {
    return not_a_uuid();
  }
  std::ranges::copy(bytes, uuid.bytes.begin());
  return uuid;
}

}  // namespace skerry
