// What a container engine answers. The first byte says in pieces of which size it comes; however it
// is cut, the reader must come to the same body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "os/http_reader.h"

namespace {

struct Read {
  std::string body = {};
  bool complete = false;
};

Read read_in_pieces(std::string_view bytes, std::size_t piece) {
  Read read;
  skerry::os::HttpReader reader(skerry::os::HttpReader::Body::expected,
                                {.head = [](const skerry::os::HttpHead&) {},
                                 .bytes = [&read](std::string_view part) { read.body += part; }});
  while (!bytes.empty() && !reader.complete()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    if (!reader.feed(part)) {
      return read;
    }
  }
  if (!reader.complete()) {
    (void)reader.end_of_input();
  }
  read.complete = reader.complete();
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read whole = read_in_pieces(bytes, std::max<std::size_t>(bytes.size(), 1));
  const Read cut = read_in_pieces(bytes, std::size_t{data[0]} + 1);
  if (whole.complete && cut.complete && whole.body != cut.body) {
    std::abort();
  }
  return 0;
}
