// What a container engine answers, in the hands of each reader. The first byte chooses the reader,
// the second says in pieces of which size the bytes come: however they are cut the reader comes to
// the same, and what it keeps of them is JSON again, within its bound.
#include <algorithm>
#include <array>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/inspect_reader.h"
#include "agent/runtime/docker/json_filter.h"
#include "agent/runtime/docker/object_readers.h"
#include "agent/runtime/docker/stream_reader.h"
#include "fuzz.h"

namespace skerry::agent::docker {
namespace {

using fuzz::require;

const Identity& identity() {
  static const Identity one{.install_id = "0a1b2c3d"};
  return one;
}

std::string said(const Result<Json>& json) {
  return json ? json->dump() : std::string(json.error().code.name);
}

Result<Json> read_in_pieces(std::string_view text, std::size_t piece, const Wanted& wanted) {
  JsonFilter filter(wanted);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    SKERRY_CHECK(filter.feed(text.substr(0, piece)));
  }
  return filter.end();
}

/// What was kept is all that is kept of itself.
void try_filter(std::string_view text, std::size_t piece, const Wanted& wanted) {
  const Result<Json> whole = parse_json(text, wanted);
  require(said(whole) == said(read_in_pieces(text, piece, wanted)));
  if (whole) {
    // Numbers may be written at greater length.
    const Result<Json> again = parse_json(whole->dump(), wanted);
    require(again ? again->dump() == whole->dump() : again.error().code == runtime_reply_too_large);
  }
}

template <class Read>
void try_reply(std::string_view text, std::size_t piece, const Wanted& wanted, Read read) {
  try_filter(text, piece, wanted);
  if (const Result<Json> json = parse_json(text, wanted)) {
    static_cast<void>(read(json->view()));
  }
}

void try_container(std::string_view text, std::size_t piece) {
  try_reply(text, piece, container_wanted, [](JsonView reply) {
    const Result<FoundContainer> found = read_container(identity(), reply);
    require(!found || !found->observed.id.empty());
    return found.has_value();
  });
}

void try_lists(std::string_view text, std::size_t piece) {
  try_reply(text, piece, container_list_wanted, [](JsonView reply) {
    const auto ids = read_container_ids(reply);
    require(!ids || ids->size() <= objects_max);
    return ids.has_value();
  });
  try_reply(text, piece, network_list_wanted, [](JsonView reply) {
    return read_networks(identity(), reply).has_value();
  });
  try_reply(text, piece, volume_list_wanted, [](JsonView reply) {
    return read_volumes(identity(), reply).has_value();
  });
}

void try_one(std::string_view text, std::size_t piece) {
  try_reply(text, piece, network_wanted, [](JsonView reply) {
    return read_network(identity(), reply).has_value();
  });
  try_reply(text, piece, volume_wanted, [](JsonView reply) {
    return read_volume(identity(), reply).has_value();
  });
  try_reply(text, piece, version_wanted, [](JsonView reply) {
    return read_api_version(reply).has_value();
  });
  try_reply(text, piece, engine_identity_wanted, [](JsonView reply) {
    return read_engine_identity(reply).has_value();
  });
  static_cast<void>(read_error_message(text));
  static_cast<void>(read_time(text));
}

struct Lines {
  std::vector<std::string> lines = {};
  std::uint64_t dropped = 0;

  friend bool operator==(const Lines&, const Lines&) = default;
};

Lines lines_in_pieces(std::string_view text, std::size_t piece) {
  constexpr std::size_t line_size_max = 100;
  LineReader reader(line_size_max);
  Lines read;
  const auto keep = [&](std::string_view line) {
    require(!line.empty() && line.size() <= line_size_max);
    read.lines.emplace_back(line);
  };
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    reader.feed(text.substr(0, piece), keep);
  }
  reader.end(keep);
  read.dropped = reader.dropped();
  return read;
}

void try_streams(std::string_view text, std::size_t piece) {
  require(lines_in_pieces(text, std::max<std::size_t>(text.size(), 1)) ==
          lines_in_pieces(text, piece));
  static_cast<void>(read_event(text));
  PullReader pull;
  pull.feed(text);
  pull.end();
  const Status outcome = pull.outcome();
  require(outcome || !outcome.error().code.name.empty());
}

}  // namespace
}  // namespace skerry::agent::docker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::agent::docker;  // NOLINT(google-build-using-namespace): one function.
  if (size < 2) {
    return 0;
  }
  const std::size_t piece = std::size_t{data[1]} + 1;
  const std::string_view text = skerry::fuzz::view_of(data + 2, size - 2);
  switch (data[0] % 6) {
    case 0:
      try_container(text, piece);
      break;
    case 1:
      try_reply(
          text, piece, image_wanted, [](JsonView reply) { return read_image(reply).has_value(); });
      break;
    case 2:
      try_lists(text, piece);
      break;
    case 3:
      try_one(text, piece);
      break;
    case 4:
      try_streams(text, piece);
      break;
    default:
      try_filter(text, piece, {.memory_max = 2048});
      break;
  }
  return 0;
}
