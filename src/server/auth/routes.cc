#include "server/auth/routes.h"

#include <array>

namespace skerry::auth {

namespace {

constexpr std::string_view name_part = "{name}";

constexpr std::string_view pages = "limit,cursor";
constexpr std::string_view dry_run = "dryRun";

constexpr std::array table{
    Route{"GET", "/healthz", Endpoint::health, Right::open},
    Route{"GET", "/readyz", Endpoint::ready, Right::open},
    Route{"GET", "/metrics", Endpoint::metrics, Right::read},
    Route{"POST", "/api/v1/setup", Endpoint::setup, Right::open},
    Route{"POST", "/api/v1/login", Endpoint::login, Right::open},
    Route{"POST", "/api/v1/logout", Endpoint::logout, Right::read},
    Route{"GET", "/api/v1/whoami", Endpoint::whoami, Right::read},
    Route{"GET", "/api/v1/server", Endpoint::server, Right::read},

    Route{"GET",
          "/api/v1/stacks",
          Endpoint::list,
          Right::read,
          "Stack",
          "limit,cursor,labelSelector,selector,watch,since"},
    Route{"GET", "/api/v1/stacks/{name}", Endpoint::get, Right::read, "Stack"},
    Route{"PUT", "/api/v1/stacks/{name}", Endpoint::put, Right::apply, "Stack", dry_run},
    Route{"DELETE", "/api/v1/stacks/{name}", Endpoint::remove, Right::apply, "Stack", dry_run},

    Route{"GET",
          "/api/v1/sites",
          Endpoint::list,
          Right::read,
          "Site",
          "limit,cursor,labelSelector,selector,stack,watch,since"},
    Route{"GET", "/api/v1/sites/{name}", Endpoint::get, Right::read, "Site"},
    Route{"PUT", "/api/v1/sites/{name}", Endpoint::put, Right::apply, "Site", dry_run},
    Route{"DELETE", "/api/v1/sites/{name}", Endpoint::remove, Right::enrol, "Site", dry_run},
    Route{"POST", "/api/v1/sites/{name}/approve", Endpoint::approve_site, Right::enrol, "Site"},
    Route{"POST", "/api/v1/sites/{name}/reject", Endpoint::reject_site, Right::enrol, "Site"},
    Route{"POST", "/api/v1/sites/{name}/revoke", Endpoint::revoke_site, Right::enrol, "Site"},

    Route{
        "GET", "/api/v1/enrollmenttokens", Endpoint::list, Right::enrol, "EnrollmentToken", pages},
    Route{"POST", "/api/v1/enrollmenttokens", Endpoint::create, Right::enrol, "EnrollmentToken"},
    Route{"GET", "/api/v1/enrollmenttokens/{name}", Endpoint::get, Right::enrol, "EnrollmentToken"},
    Route{"DELETE",
          "/api/v1/enrollmenttokens/{name}",
          Endpoint::remove,
          Right::enrol,
          "EnrollmentToken"},

    Route{"GET", "/api/v1/apitokens", Endpoint::list, Right::access, "ApiToken", pages},
    Route{"POST", "/api/v1/apitokens", Endpoint::create, Right::access, "ApiToken"},
    Route{"GET", "/api/v1/apitokens/{name}", Endpoint::get, Right::access, "ApiToken"},
    Route{"DELETE", "/api/v1/apitokens/{name}", Endpoint::remove, Right::access, "ApiToken"},

    Route{"GET", "/api/v1/users", Endpoint::list, Right::access, "User", pages},
    Route{"GET", "/api/v1/users/{name}", Endpoint::get, Right::access, "User"},
    Route{"PUT", "/api/v1/users/{name}", Endpoint::put, Right::access, "User", dry_run},
    Route{"DELETE", "/api/v1/users/{name}", Endpoint::remove, Right::access, "User"},

    Route{"GET", "/api/v1/restore", Endpoint::restore, Right::read},
    Route{"POST", "/api/v1/restore/stacks/{name}/accept", Endpoint::accept_stack, Right::apply},
    Route{"POST",
          "/api/v1/restore/finish",
          Endpoint::finish_restore,
          Right::apply,
          {},
          "abandonAway"},

    Route{"GET", "/api/v1/events", Endpoint::events, Right::read, {}, "site,limit,cursor"},
    Route{"GET", "/api/v1/audit", Endpoint::audit, Right::read, {}, pages},
    Route{"GET", "/api/v1/auditrecords", Endpoint::audit, Right::read, {}, pages},
    Route{"GET", "/api/v1/watch", Endpoint::watch, Right::read, {}, "kinds,since"},
};

/// The part of a text before the next "/", taken off its front with it.
std::string_view take_part(std::string_view& text) {
  const std::size_t slash = text.find('/');
  const std::string_view part = text.substr(0, slash);
  text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
  return part;
}

/// Whether a path fits a pattern, and what stands for its `{name}`.
bool fits(std::string_view pattern, std::string_view path, std::string_view& name) {
  while (!pattern.empty() && !path.empty()) {
    const bool last_of_pattern = pattern.find('/') == std::string_view::npos;
    const bool last_of_path = path.find('/') == std::string_view::npos;
    const std::string_view wanted = take_part(pattern);
    const std::string_view part = take_part(path);
    const bool is_name = wanted == name_part;
    if (last_of_pattern != last_of_path || part != (is_name ? part : wanted) ||
        (is_name && (part.empty() || part.find('%') != std::string_view::npos))) {
      return false;
    }
    name = is_name ? part : name;
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::string_view to_string(Right right) {
  switch (right) {
    case Right::open:
      return "open";
    case Right::read:
      return "read";
    case Right::apply:
      return "apply";
    case Right::enrol:
      return "enrol";
    case Right::access:
      return "access";
  }
  return "unknown";
}

std::span<const Route> routes() {
  return table;
}

RouteMatch find_route(std::string_view method, std::string_view path) {
  RouteMatch match;
  for (const Route& route : table) {
    std::string_view name;
    if (fits(route.pattern, path, name)) {
      match.path_known = true;
      if (route.method == (method == "HEAD" ? "GET" : method)) {
        match.route = &route;
        match.name = name;
        return match;
      }
    }
  }
  return match;
}

std::string allowed_methods(std::string_view path) {
  std::string methods;
  for (const Route& route : table) {
    std::string_view name;
    if (fits(route.pattern, path, name)) {
      methods += methods.empty() ? "" : ", ";
      methods += route.method == "GET" ? "GET, HEAD" : route.method;
    }
  }
  return methods;
}

}  // namespace skerry::auth
