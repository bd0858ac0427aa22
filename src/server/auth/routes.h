#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace skerry::auth {

/// What a caller must be allowed to do. Nothing is open unless it says so here.
enum class Right : std::uint8_t {
  open,    // Everybody: what a stranger needs to become somebody.
  read,    // See everything but secrets.
  apply,   // Change objects.
  enrol,   // Let sites in and out.
  access,  // Users and tokens.
};

std::string_view to_string(Right right);

enum class Endpoint : std::uint8_t {
  health,
  ready,
  metrics,
  setup,
  login,
  logout,
  whoami,
  server,
  list,
  get,
  put,
  remove,
  create,
  approve_site,
  reject_site,
  revoke_site,
  restore,
  accept_stack,
  finish_restore,
  events,
  audit,
  watch,
};

/// One thing the API can do. `{name}` in a pattern stands for one part of a path.
struct Route {
  std::string_view method = {};
  std::string_view pattern = {};
  Endpoint endpoint = Endpoint::health;
  Right right = Right::access;
  /// The kind of resource it is about, by name: "Stack". Empty where it is about none.
  std::string_view kind = {};
  /// What its query may say, by name, with commas between; anything else is refused.
  std::string_view parameters = {};
};

/// Everything there is. A request that fits no row of it is refused.
std::span<const Route> routes();

struct RouteMatch {
  /// nullptr where nothing fits.
  const Route* route = nullptr;
  /// What stands for `{name}`.
  std::string_view name = {};
  /// The path is there, with other methods.
  bool path_known = false;
};

/// "GET, HEAD, PUT": what a path can be asked; empty where there is no such path.
std::string allowed_methods(std::string_view path);

/// @param method  HEAD fits where GET does
/// @param path    as it came; a name never needs escaping, so a "%" fits nothing
RouteMatch find_route(std::string_view method, std::string_view path);

}  // namespace skerry::auth
