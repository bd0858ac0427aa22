#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/outside.h"
#include "cli/words.h"
#include "client/client.h"

namespace skerry::cli {

enum class Format : std::uint8_t { table, wide, json, yaml, name };

/// What `-o` says; a table by default.
Format format_of(const Options& options);

/// What options, environment and terminal allow.
Look look_of(const Options& options, const Outside& outside);

/// The columns of a kind's table.
std::vector<std::string> head_of(const resource::Kind& kind, Format format);
/// One object's line of it.
std::vector<std::string> row_of(const client::Object& object,
                                Format format,
                                const Look& look,
                                WallTime now);

/// Many objects as the format has them; a list in JSON and YAML.
std::string show_list(const resource::Kind& kind,
                      const std::vector<client::Object>& objects,
                      Format format,
                      const Look& look,
                      WallTime now);
/// One object: as itself in JSON and YAML, else as a list of one.
std::string show_one(client::Object object, Format format, const Look& look, WallTime now);

/// "stack/web", in lower case; of kinds without names their number: "event/3.17".
std::string reference_of(const client::Object& object);

/// The word of a stack's state, from how its sites are: "Healthy", "Pending", "Degraded", "Failed".
std::string stack_state(const client::Object& stack);

}  // namespace skerry::cli
