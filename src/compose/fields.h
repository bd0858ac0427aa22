#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compose/reader.h"

/// Tables of what a mapping may hold: what is read, what is refused by name and with advice, and
/// what means nothing at a site. Together they are every name of the Compose Specification, so that
/// anything else is a mistake.
namespace skerry::compose {

template <class Target>
struct Field {
  std::string_view name = {};
  /// Reads the value into the target; nullptr where `advice` says what to do instead.
  void (*read)(Reader&, const Value&, Target&) = nullptr;
  std::string_view advice = {};
};

template <class Target>
void refuse_unknown(Reader& reader, const Value& entry, std::span<const Field<Target>> fields) {
  std::string hint;
  if (reader.wants_hints()) {
    std::vector<std::string> names;
    for (const Field<Target>& field : fields) {
      names.emplace_back(field.name);
    }
    hint = did_you_mean(entry.key(), names);
  }
  reader.error_at_key(
      unknown_field, entry, "unknown field '" + std::string(entry.key()) + "'", std::move(hint));
}

/// Reads every entry of a mapping by the table. An `x-` entry is an extension and is passed over; a
/// null one says nothing and is as good as absent.
template <class Target>
void read_fields(Reader& reader,
                 const Value& value,
                 std::span<const Field<Target>> fields,
                 Target& target) {
  if (!reader.is_mapping(value)) {
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Value entry = value[i];
    if (entry.key().starts_with("x-")) {
      continue;
    }
    const auto field = std::ranges::find(fields, entry.key(), &Field<Target>::name);
    if (field == fields.end()) {
      refuse_unknown(reader, entry, fields);
    } else if (field->read == nullptr) {
      reader.error_at_key(not_available,
                          entry,
                          "'" + std::string(entry.key()) + "' is not available yet",
                          std::string(field->advice));
    } else if (!entry.is_null()) {
      field->read(reader, entry, target);
    }
  }
}

/// What a value that is passed over is passed over for.
template <class Target>
void ignore_at_a_site(Reader& reader, const Value& value, Target&) {
  reader.warn(no_effect, value, "'" + std::string(value.key()) + "' has no effect at a site");
}

/// The reader of a field that is one value: `&read_into<&Service::user, &Reader::string>`.
template <auto member, auto read, class Target>
void read_into(Reader& reader, const Value& value, Target& target) {
  if (auto made = (reader.*read)(value)) {
    target.*member = *std::move(made);
  }
}

}  // namespace skerry::compose
