// Whatever stands in the header Authorization, or is typed as a set-up code, at a server that has
// one user with two good tokens, and one that is disabled. Only the good ones open anything.
#include "fuzz.h"
#include "server/auth/gate.h"
#include "server/auth/routes.h"
#include "server/auth/tokens.h"
#include "server/store/writer.h"
#include "sim/fast_crypto.h"
#include "sim/sim_clock.h"
#include "sim/sim_random.h"
#include "sim/sim_vfs.h"

namespace skerry::fuzz {
namespace {

using auth::NewToken;
using store::TokenRow;

struct Server {
  sim::SimClock clock;
  sim::SimRandom random{1};
  sim::FastCrypto crypto;
  Log log{clock, [](LogLevel, std::string_view) {}};
  sim::SimDisk disk;
  sim::SimVfs vfs;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Reader> reader;
  NewToken api = auth::make_token(TokenRow::Kind::api, random, crypto);
  NewToken session = auth::make_token(TokenRow::Kind::session, random, crypto);
  NewToken disabled = auth::make_token(TokenRow::Kind::api, random, crypto);
  NewToken enrol = auth::make_token(TokenRow::Kind::enrol, random, crypto);
  NewToken setup = auth::make_setup_code(random, crypto);

  Server() {
    vfs.set_disk(disk);
    writer =
        store::Writer::open({.path = "store.db", .vfs = sim::SimVfs::name()},
                            {.clock = &clock, .random = &random, .crypto = &crypto, .log = &log})
            .value();
    store::Change change{.by = {.name = "fuzz"}};
    change.operations = {store::PutUser{.user = {.name = "ana", .role = "admin"}},
                         store::PutUser{.user = {.name = "bo", .role = "admin", .disabled = true}},
                         token(TokenRow::Kind::api, api, "ana"),
                         token(TokenRow::Kind::session, session, "ana"),
                         token(TokenRow::Kind::api, disabled, "bo"),
                         token(TokenRow::Kind::enrol, enrol, "")};
    require(writer->apply(std::move(change)).has_value());
    reader = store::Reader::open("store.db", sim::SimVfs::name()).value();
  }

  static store::AddToken token(TokenRow::Kind kind, const NewToken& made, std::string subject) {
    return {.token = {.kind = kind, .hash = made.hash, .subject = std::move(subject)}};
  }
};

Server& server() {
  static Server one;
  return one;
}

std::string bearer(const NewToken& token) {
  return "Bearer " + std::string(token.text.reveal());
}

/// As people may type it: in any case, with dashes and spaces anywhere.
std::string plain(std::string_view code) {
  std::string letters;
  for (const char c : code) {
    if (c != '-' && c != ' ') {
      letters += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return letters;
}

}  // namespace
}  // namespace skerry::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  using namespace skerry::fuzz;  // NOLINT(google-build-using-namespace): one function.
  const Server& all = server();
  offer_seeds({{"api", bearer(all.api)},
               {"session", bearer(all.session)},
               {"disabled", bearer(all.disabled)},
               {"enrol", bearer(all.enrol)},
               {"setup", std::string(all.setup.text.reveal())},
               {"basic", "Basic YW5hOnNlY3JldA=="}});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  static auth::Gate gate(*fuzz::server().reader, fuzz::server().clock, fuzz::server().crypto);
  static const auth::RouteMatch sites = auth::find_route("GET", "/api/v1/sites");
  fuzz::require(sites.route != nullptr && sites.route->right != auth::Right::open);
  const fuzz::Server& all = fuzz::server();
  const std::string text(fuzz::view_of(data, size));
  const auto permit = gate.admit(*sites.route, {.authorization = &text, .address = "192.0.2.1"});
  const bool is_good = text == fuzz::bearer(all.api) || text == fuzz::bearer(all.session);
  fuzz::require(permit.has_value() == is_good);
  fuzz::require(permit || permit.error().kind == ErrorKind::denied);
  const bool is_code = auth::hash_of_setup_code(text, all.crypto) == all.setup.hash;
  fuzz::require(is_code == (fuzz::plain(text) == fuzz::plain(all.setup.text.reveal())));
  return 0;
}
