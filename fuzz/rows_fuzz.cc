// A store's rows with any value in any column, as an older, a foreign or a damaged file may have
// them: they are read, with empty values for what has another type, and what the server decodes of
// them is read or refused.
#include <array>

#include <google/protobuf/stubs/logging.h>

#include "document/codec.h"
#include "document/report.h"
#include "fuzz.h"
#include "server/charters/charters.h"
#include "server/store/rows_read.h"
#include "server/store/sqlite.h"
#include "sim/fast_crypto.h"
#include "sim/sim_vfs.h"
#include "skerry/api/v1/access.pb.h"
#include "skerry/api/v1/stack.pb.h"
#include "trust/opened.h"

namespace skerry::store {
namespace {

using fuzz::require;

constexpr int columns = 12;

struct Database {
  sim::SimDisk disk;
  sim::SimVfs vfs;
  std::unique_ptr<Connection> connection;

  Database() {
    vfs.set_disk(disk);
    connection = Connection::open("rows.db", sim::SimVfs::name(), Connection::Mode::write).value();
  }
};

/// The next `size` bytes of the input.
std::string_view take(std::string_view& input, std::size_t size) {
  const std::string_view taken = input.substr(0, size);
  input.remove_prefix(taken.size());
  return taken;
}

/// One column from the input: null, a number, text or bytes.
void bind(Query& query, int column, std::string_view& input) {
  const std::string_view kind = take(input, 1);
  const std::uint8_t word = kind.empty() ? 0 : static_cast<std::uint8_t>(kind[0]);
  const std::size_t size = word >> 2U;
  switch (word % 4) {
    case 0:
      return;
    case 1: {
      std::uint64_t number = 0;
      for (const char byte : take(input, size % 9)) {
        number = number << 8U | static_cast<unsigned char>(byte);
      }
      return query.bind(column, number);
    }
    case 2:
      return query.bind(column, take(input, size));
    default:
      // The longest of them takes the rest: an envelope is more than 63 bytes.
      return query.bind(column, Blob{take(input, size == 63 ? input.size() : size)});
  }
}

void try_object(const Query& query) {
  const ObjectRow row = object_row(query);
  api::v1::Stack stack;
  if (stack.ParseFromString(row.body)) {
    api::v1::Stack again;
    require(again.ParseFromString(stack.SerializeAsString()));
  }
}

void try_site(const Query& query) {
  static const sim::FastCrypto crypto;
  const SiteRow row = site_row(query);
  static_cast<void>(charters::read(row, crypto));
  // They are what the site said, and nothing else.
  if (!row.facts.empty()) {
    require(encode_facts(row.facts) == query.text(10));
  }
  static_cast<void>(trust::open_envelope(row.charter, crypto));
  const auto report = document::decode<document::Report>(row.request);
  require(!report || document::encode(*report) == row.request);
}

void try_token(const Query& query) {
  const TokenRow row = token_row(query);
  require(row.uses_left.has_value() == !query.is_null(4));
  api::v1::EnrollmentToken token;
  static_cast<void>(token.ParseFromString(row.body));
}

}  // namespace
}  // namespace skerry::store

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  google::protobuf::SetLogHandler(nullptr);  // It would say of each broken text that it is one.
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::store;  // NOLINT(google-build-using-namespace): one function.
  static Database database;
  if (size == 0) {
    return 0;
  }
  std::string_view input = skerry::fuzz::view_of(data + 1, size - 1);
  skerry::Result<Query> query =
      database.connection->query("SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?");
  require(query.has_value());
  for (int column = 1; column <= columns; ++column) {
    bind(*query, column, input);
  }
  const skerry::Result<bool> row = query->next();
  require(row && *row);
  switch (data[0] % 4) {
    case 0:
      try_object(*query);
      break;
    case 1:
      try_site(*query);
      break;
    case 2:
      try_token(*query);
      break;
    default:
      static_cast<void>(user_row(*query));
      break;
  }
  return 0;
}
