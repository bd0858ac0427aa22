#pragma once

namespace skerry {

/// One callable made of several, for `std::visit`.
template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace skerry
