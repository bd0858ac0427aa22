#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace skerry::sim {

/// How likely each fault is when one is due, as weights; 0 leaves it out. Drawn from the seed and
/// printed with it.
struct Faults {
  std::uint32_t cut = 10;               // A connection breaks, its last bytes lost.
  std::uint32_t partition = 6;          // A site's network is away for a while.
  std::uint32_t slow = 6;               // A site's network has up to 30 s of delay.
  std::uint32_t agent_kill = 8;         // The agent dies; its disk does not.
  std::uint32_t agent_power = 6;        // The whole machine loses power.
  std::uint32_t agent_full = 4;         // The agent's disk is full for a while.
  std::uint32_t agent_io_error = 4;     // One of the next disk operations fails.
  std::uint32_t agent_clock = 4;        // The wall clock jumps by up to 50 years.
  std::uint32_t server_kill = 3;        // The server dies; its disk does not.
  std::uint32_t server_power = 3;       // The server's machine loses power.
  std::uint32_t server_full = 2;        // The server's disk is full for a while.
  std::uint32_t server_io_error = 2;    // One of the server's next disk operations fails.
  std::uint32_t server_clock = 2;       // The server's wall clock jumps.
  std::uint32_t runtime_down = 4;       // The engine goes away and comes back.
  std::uint32_t runtime_lists = 6;      // Its lists fail or come back empty.
  std::uint32_t runtime_deeds = 5;      // Its deeds fail or are slow.
  std::uint32_t runtime_ghost = 4;      // A container is listed that is not there.
  std::uint32_t hands = 14;             // Somebody kills, stops, removes, edits a container.
  std::uint32_t stack_edit = 16;        // An operator changes a stack.
  std::uint32_t stack_delete = 5;       // An operator removes a stack.
  std::uint32_t trust_change = 2;       // The roots sign a new trust document.
  std::uint32_t ceiling_change = 2;     // A site's charter gets or loses a ceiling.
  std::uint32_t revoke = 1;             // A site's charter ends.
  std::uint32_t rekey = 3;              // A site asks for a new identity key.
  std::uint32_t repeat = 4;             // A site sends its last events a second time.
  std::uint32_t floor_loss = 2;         // Both records of a site's floor are destroyed.
  std::uint32_t hostile_document = 20;  // Something forged, old or broken is put into a link.
  std::uint32_t hostile_release = 5;    // Releases on a link are spoiled for a while.
  std::uint32_t poison = 2;             // A document on which the agent dies again and again.
  std::uint32_t ledger_damage = 2;      // Durable bytes of a site's ledger change.
  std::uint32_t removal_cut = 3;  // The agent, or its machine, dies in the middle of a removal.
};

/// How often something happened, by name.
using Counts = std::map<std::string, std::uint64_t, std::less<>>;

}  // namespace skerry::sim
