#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

/// What the programs here share.
namespace skerry::fuzz {

/// A property that does not hold ends the process; libFuzzer keeps the input that broke it.
inline void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Inputs by name, as files of a corpus.
using Seeds = std::map<std::string, std::string>;

/// Formats that nobody types get their corpus from the program itself: with
/// SKERRY_FUZZ_SEEDS=FOLDER in the environment it writes them there and ends.
inline void offer_seeds(const Seeds& seeds) {
  const char* const folder = std::getenv("SKERRY_FUZZ_SEEDS");
  if (folder == nullptr) {
    return;
  }
  for (const auto& [name, bytes] : seeds) {
    std::ofstream(std::string(folder) + "/" + name, std::ios::binary) << bytes;
  }
  std::exit(0);
}

}  // namespace skerry::fuzz
