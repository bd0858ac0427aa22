#pragma once

#include <memory>

#include "resource/resources.h"
#include "server/api/desk.h"

namespace skerry::api {

/// The one resource a body holds, as its user wrote it. Where something is wrong the call is
/// answered with all of it and its places, and nothing returned.
std::optional<resource::Resource> read_body(Desk& desk, const CallPtr& call);

/// A body that is one flat JSON object of texts. The same, by `fields`: each must be there.
std::optional<std::vector<std::string>> read_texts(Desk& desk,
                                                   const CallPtr& call,
                                                   std::initializer_list<std::string_view> fields);

}  // namespace skerry::api
