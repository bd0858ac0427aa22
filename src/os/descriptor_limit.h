#pragma once

#include <cstddef>

namespace skerry::os {

/// Lets this process have as many descriptors as the system allows it; most are started with 1,024.
///
/// @return how many it may have
std::size_t raise_descriptor_limit();

}  // namespace skerry::os
