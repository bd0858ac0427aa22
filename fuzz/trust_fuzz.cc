// Any bytes as an envelope, at the door of a site that has joined, of one that is joining and of
// one that knows trust alone. Whoever has no key gets nothing in but what was signed, as it was
// signed.
#include <set>

#include "fuzz.h"
#include "trust/admit.h"
#include "trust/judge.h"
#include "trust/opened.h"
#include "trust/trust_walk.h"
#include "world.h"

namespace skerry::fuzz {
namespace {

using document::Header;
using trust::KeyRole;

/// The doors, and everything that was ever signed.
struct Doors {
  World world;
  Seeds signed_bytes;
  std::set<std::string, std::less<>> payloads;
  std::vector<trust::Anchors> anchors;

  Doors() {
    add("trust", world.sign(KeyRole::root, trust::trust_payload(world.trust)));
    document::Trust second = world.trust;
    second.version = 2;
    add("trust_2", world.sign(KeyRole::root, trust::trust_payload(second)));
    add("charter", world.sign(KeyRole::enrol, trust::charter_payload(world.charter, {1, 1})));
    add("charter_2", world.sign(KeyRole::assign, trust::charter_payload(world.charter, {2, 1})));
    add("release", world.sign(KeyRole::author, trust::release_payload(world.release())));
    add("manifest", world.sign(KeyRole::planner, manifest(1, 1)));
    add("foreign", world.sign(KeyRole::planner, manifest(2, 1)));
    add_batch();
    const document::Rekey rekey{.site = world.charter.site, .new_key = world.site_key.public_key};
    add("rekey",
        trust::sign(trust::rekey_payload(rekey, {1, 1}), world.site_key, world.crypto).value());
    anchors = {world.enrolled(), world.joining(), world.joining()};
    anchors[2].trust = world.enrolled().trust;
  }

  std::string manifest(std::uint8_t site, std::uint64_t seq) {
    return trust::manifest_payload(world.manifest(), World::site_named(site), {1, seq});
  }

  void add_batch() {
    const std::vector<std::string> batch = {manifest(1, 2), manifest(2, 2), manifest(3, 2)};
    const auto made = trust::sign_batch(batch, {}, world.keys.get(KeyRole::planner), world.crypto);
    add("batch_first", made->envelopes[0]);
    add("batch_last", made->envelopes[2]);
  }

  void add(const std::string& name, std::string envelope) {
    payloads.insert(document::decode<document::Envelope>(envelope)->payload);
    signed_bytes[name] = std::move(envelope);
  }
};

Doors& doors() {
  static Doors all;
  return all;
}

template <class T>
void is_what_was_signed(const Result<T>& judged, const trust::Admitted& admitted) {
  require(!judged || document::encode(*judged) == admitted.body());
}

void judge(const trust::Admitted& admitted, const trust::Anchors& anchors, const Crypto& crypto) {
  switch (admitted.header().type) {
    case Header::Type::trust:
      return is_what_was_signed(trust::judge_trust(admitted), admitted);
    case Header::Type::charter:
      return is_what_was_signed(trust::judge_charter(admitted, anchors, crypto, 1), admitted);
    case Header::Type::manifest:
      require(admitted.header().audience == anchors.site);
      return is_what_was_signed(trust::judge_manifest(admitted, 1), admitted);
    case Header::Type::rekey:
      return is_what_was_signed(trust::judge_rekey(admitted), admitted);
    default:
      return;
  }
}

}  // namespace
}  // namespace skerry::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  skerry::fuzz::offer_seeds(skerry::fuzz::doors().signed_bytes);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;
  fuzz::Doors& doors = fuzz::doors();
  const std::string_view envelope = fuzz::view_of(data, size);
  for (const trust::Anchors& anchors : doors.anchors) {
    const Result<trust::Admitted> admitted = trust::admit(envelope, anchors, doors.world.crypto);
    if (admitted) {
      const auto opened = trust::open_envelope(envelope, doors.world.crypto);
      fuzz::require(opened && doors.payloads.contains(opened->envelope.payload));
      fuzz::judge(*admitted, anchors, doors.world.crypto);
    }
  }
  return 0;
}
