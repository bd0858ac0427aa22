#include "policy/host_path.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace skerry::policy {

namespace {

struct Place {
  std::string_view path;
  std::string_view danger;
};

constexpr std::string_view socket_danger = "it is a runtime's socket, which is root on the host";
constexpr std::string_view contains_socket =
    "a runtime's socket lies below it, which is root on the host";

constexpr std::array<std::string_view, 7> sockets{"/run/docker.sock",
                                                  "/var/run/docker.sock",
                                                  "/run/podman/podman.sock",
                                                  "/run/containerd/containerd.sock",
                                                  "/var/run/containerd/containerd.sock",
                                                  "/run/crio/crio.sock",
                                                  "/var/run/crio/crio.sock"};

/// These and everything below them.
constexpr std::array<Place, 17> places{{
    {"/etc", "it holds the host's configuration and passwords"},
    {"/proc", "it controls the host's kernel and processes"},
    {"/sys", "it controls the host's kernel and devices"},
    {"/dev", "it holds the host's devices"},
    {"/boot", "it holds what the host boots"},
    {"/root", "it holds root's files and keys"},
    {"/home", "it holds people's files and keys"},
    {"/usr", "it holds the host's programs"},
    {"/bin", "it holds the host's programs"},
    {"/sbin", "it holds the host's programs"},
    {"/lib", "it holds the host's libraries"},
    {"/lib64", "it holds the host's libraries"},
    {"/var/lib/docker", "it holds every container of the runtime"},
    {"/var/lib/containerd", "it holds every container of the runtime"},
    {"/var/lib/containers", "it holds every container of the runtime"},
    {"/var/lib/kubelet", "it holds every pod and its secrets"},
    {"/var/lib/skerry", "it holds this site's identity and ledger"},
}};

bool is_at_or_below(std::string_view path, std::string_view place) {
  return place == "/" || path == place || (path.starts_with(place) && path[place.size()] == '/');
}

std::string_view option(const document::Volume& volume, std::string_view name) {
  const auto found = std::ranges::find(volume.driver_options, name, &document::Option::name);
  return found == volume.driver_options.end() ? std::string_view() : found->value;
}

/// "o=" is mount(8)'s list: flags that bind override whatever type is given.
bool has_bind_flag(std::string_view options) {
  return std::ranges::any_of(split(options, ','), [](std::string_view word) {
    return word == "bind" || word == "rbind" || word == "remount";
  });
}

}  // namespace

std::string normalise(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part == "..") {
      if (!parts.empty()) {
        parts.pop_back();
      }
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string whole;
  for (const std::string_view part : parts) {
    whole.append("/").append(part);
  }
  return whole.empty() ? "/" : whole;
}

std::string_view danger_of(std::string_view path) {
  const std::string whole = normalise(path);
  for (const std::string_view socket : sockets) {
    if (whole == socket) {
      return socket_danger;
    }
    if (is_at_or_below(socket, whole)) {
      return whole == "/" ? "it is the whole host" : contains_socket;
    }
  }
  for (const Place& place : places) {
    if (is_at_or_below(whole, place.path)) {
      return place.danger;
    }
  }
  return whole.ends_with(".sock") ? "it is a socket of the host" : "it is a path of the host";
}

bool binds_host(const document::Volume& volume) {
  if (volume.external || volume.driver_options.empty() ||
      (!volume.driver.empty() && volume.driver != "local")) {
    return false;
  }
  constexpr std::array<std::string_view, 4> harmless{"tmpfs", "nfs", "nfs4", "cifs"};
  return has_bind_flag(option(volume, "o")) ||
         std::ranges::find(harmless, option(volume, "type")) == harmless.end();
}

}  // namespace skerry::policy
