#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/workload.h"

/// The small languages inside a Compose file's strings. None knows of positions: their errors carry
/// a message alone, and whoever holds the value adds where it stands.
namespace skerry::compose {

/// "1h30m", "1.5s", "500ms", "2d": whole milliseconds, up to ten years. A unit is required except
/// for "0".
Result<std::uint64_t> parse_duration_ms(std::string_view text);

/// "512", "64m", "1.5GiB", "1 kb": bytes; k, m, g, t, p are powers of 1024 with or without i and b.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// "0.5", "2": billionths of a processor.
Result<std::uint64_t> parse_cpu_nanos(std::string_view text);

/// Permission bits in octal, up to 7777: "0644", "644", "0o644".
Result<std::uint32_t> parse_octal_mode(std::string_view text);

/// Splits a command line into words as Compose does (quotes, backslashes), but refuses the unquoted
/// shell operators after which the reference silently drops the rest. A slot is never split and is
/// part of the word it stands in.
Result<std::vector<document::Text>> split_words(const document::Text& line);

/// A path that starts at the root, made canonical: no ".", "..", double or trailing slashes.
Result<std::string> parse_absolute_path(std::string_view text);

/// Checks a reference such as "registry.example:5000/team/app:1.4@sha256:…".
Status check_image(std::string_view image);

/// An IPv4 or IPv6 address, the latter with or without brackets; returned without, in lower case.
Result<std::string> parse_address(std::string_view text);

/// The code `invalid_value`, a message, no position.
Error invalid(std::string message, std::string hint = {});

}  // namespace skerry::compose
