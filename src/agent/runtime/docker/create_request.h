#pragma once

#include <string>
#include <vector>

#include "agent/runtime/docker/identity.h"
#include "base/result.h"
#include "document/workload.h"
#include "reconcile/state.h"

/// The bodies of requests that make or change something. Built from the typed model only: what the
/// model cannot say, the engine is never told (T37).
namespace skerry::agent::docker {

/// What a container is made from besides its service.
struct CreateInput {
  const Identity* identity = nullptr;
  const reconcile::DesiredStack* stack = nullptr;
  const reconcile::DesiredService* service = nullptr;
  /// The reference or the id to make it from.
  std::string image = {};
  /// The image's own entrypoint: named again where an empty `command` clears the image's command,
  /// which the engine has no other way to say.
  std::vector<std::string> image_entrypoint = {};
  /// In the order of `spec.configs`: the file of each as the engine sees it.
  std::vector<std::string> config_paths = {};
};

/// The body of POST /containers/create, on the first of its networks.
///
/// @return  `label_reserved` where the file sets a label of ours, `spec_not_supported` where a
/// value
///          has no form in the Engine API
Result<std::string> container_body(const CreateInput& input);

/// The body of POST /networks/NAME/connect. `container` is a name or an id.
std::string connect_body(const document::Attachment& attachment,
                         const document::Service& service,
                         std::string_view container);
std::string disconnect_body(std::string_view container);

/// The body of POST /containers/ID/update: limits and restart policy. A limit of 0 cannot be set in
/// place and is left out; whoever planned this knows.
std::string update_body(const document::Service& service);

Result<std::string> network_body(const Identity& identity,
                                 const reconcile::DesiredStack& stack,
                                 const document::Network& network);
Result<std::string> volume_body(const Identity& identity,
                                const reconcile::DesiredStack& stack,
                                const document::Volume& volume);

/// "<project>-<service>-1"
std::string container_name(const reconcile::DesiredStack& stack, std::string_view service);
/// The same with the first 8 of the install id, for where a stranger holds the plain one.
std::string second_container_name(const Identity& identity,
                                  const reconcile::DesiredStack& stack,
                                  std::string_view service);

/// Null where the stack has none of this key.
const document::Network* find_network(const reconcile::DesiredStack& stack, std::string_view key);
const document::Volume* find_volume(const reconcile::DesiredStack& stack, std::string_view key);

/// Escapes all but unreserved characters (RFC 3986), so that no name changes a path or a query.
std::string url_escape(std::string_view text);

}  // namespace skerry::agent::docker
