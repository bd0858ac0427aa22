// Any bytes as any document: what is accepted has exactly these bytes as its encoding.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "document/charter.h"
#include "document/codec.h"
#include "document/envelope.h"
#include "document/manifest.h"
#include "document/report.h"
#include "document/trust_document.h"
#include "document/workload.h"

namespace skerry::document {
namespace {

template <class T>
void check(std::string_view bytes) {
  const Result<T> value = decode<T>(bytes);
  if (value && encode(*value) != bytes) {
    std::abort();
  }
}

}  // namespace
}  // namespace skerry::document

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::document;  // NOLINT(google-build-using-namespace): one function.
  if (size == 0) {
    return 0;
  }
  // The first byte chooses the document, so that one corpus serves all.
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      check<Envelope>(bytes);
      break;
    case 1:
      check<Charter>(bytes);
      break;
    case 2:
      check<Manifest>(bytes);
      break;
    case 3:
      check<Report>(bytes);
      break;
    case 4:
      check<Trust>(bytes);
      break;
    default:
      check<Release>(bytes);
      break;
  }
  return 0;
}
