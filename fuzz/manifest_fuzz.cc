// What a planner, an author or an assigner has signed is still judged: any bytes as the body of a
// document that carries the right signature. The first byte chooses which. What passes keeps its
// invariants and has exactly these bytes.
#include <set>

#include "fuzz.h"
#include "reconcile/fill.h"
#include "trust/admit.h"
#include "trust/judge.h"
#include "world.h"

namespace skerry::fuzz {
namespace {

using document::Header;
using trust::KeyRole;

World& world() {
  static World one;
  return one;
}

std::string envelope_of(KeyRole role, Header header, std::string_view body) {
  return world().sign(
      role, document::encode(document::Payload{.header = header, .body = std::string(body)}));
}

void try_manifest(std::string_view body) {
  const trust::Anchors anchors = world().enrolled();
  const std::string envelope =
      envelope_of(KeyRole::planner,
                  {.type = Header::Type::manifest, .audience = anchors.site, .term = 1, .seq = 2},
                  body);
  const Result<trust::Admitted> admitted = trust::admit(envelope, anchors, world().crypto);
  require(admitted.has_value());
  const Result<document::Manifest> manifest = trust::judge_manifest(*admitted, 1);
  if (!manifest) {
    return;
  }
  require(document::encode(*manifest) == body);
  std::set<std::string_view> names;
  for (const document::StackAssignment& stack : manifest->stacks) {
    require(!stack.name.empty() && names.insert(stack.name).second);
  }
}

void try_charter(std::string_view body) {
  const trust::Anchors anchors = world().enrolled();
  const std::string envelope =
      envelope_of(KeyRole::assign,
                  {.type = Header::Type::charter, .audience = anchors.site, .term = 1, .seq = 2},
                  body);
  const Result<trust::Admitted> admitted = trust::admit(envelope, anchors, world().crypto);
  require(admitted.has_value());
  const auto charter = trust::judge_charter(*admitted, anchors, world().crypto, 1);
  require(!charter || (document::encode(*charter) == body && charter->site == anchors.site));
}

/// A release that passes can be filled for a site, or is refused there with a code.
void try_release(std::string_view body) {
  const trust::Anchors anchors = world().enrolled();
  const std::string envelope = envelope_of(KeyRole::author, {.type = Header::Type::release}, body);
  const Digest digest =
      world().crypto.sha256(document::decode<document::Envelope>(envelope)->payload);
  const auto release = trust::judge_release(
      envelope,
      {.digest = digest, .ceiling = {.forbid_privileged = true}, .attempts = 1},
      anchors,
      world().crypto);
  if (!release) {
    return;
  }
  require(document::encode(*release) == body);
  document::StackAssignment assignment{
      .name = release->stack, .release = digest, .drift = document::DriftMode::enforce};
  assignment.slot_values.resize(release->workload.slots.size(), "value");
  require(trust::judge_assignment(assignment, *release).has_value());
  const reconcile::Pins pins;
  const auto filled = reconcile::fill(world().crypto, {*release, assignment, pins});
  require(filled || !filled.error().code.name.empty());
}

}  // namespace
}  // namespace skerry::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  using namespace skerry;
  const fuzz::World& world = fuzz::world();
  document::Manifest two = world.manifest();
  two.stacks.push_back(two.stacks[0]);
  two.stacks[1].name = "store";
  two.capabilities = {"slots"};
  two.stale_after_s = 600;
  fuzz::offer_seeds({{"manifest", "A" + document::encode(world.manifest())},
                     {"manifest_two", "A" + document::encode(two)},
                     {"charter", "B" + document::encode(world.charter)},
                     {"release", "C" + document::encode(world.release())}});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view body = skerry::fuzz::view_of(data + 1, size - 1);
  switch (data[0] % 3) {
    case 'A' % 3:
      skerry::fuzz::try_manifest(body);
      break;
    case 'B' % 3:
      skerry::fuzz::try_charter(body);
      break;
    default:
      skerry::fuzz::try_release(body);
      break;
  }
  return 0;
}
