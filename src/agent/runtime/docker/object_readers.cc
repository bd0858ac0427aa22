#include "agent/runtime/docker/object_readers.h"

#include <algorithm>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "base/text.h"

namespace skerry::agent::docker {
namespace {

constexpr std::size_t message_size_max = 512;

Error invalid_reply(std::string message) {
  return {.kind = ErrorKind::invalid, .code = runtime_reply_invalid, .message = std::move(message)};
}

Status check_list(JsonView reply) {
  if (!reply.is_array() || reply.size() > objects_max) {
    return fail(invalid_reply("the engine's list is none, or too long"));
  }
  return {};
}

Status check_ours(const Identity& identity, JsonView labels) {
  if (labels[std::string(label::install).c_str()].text() != identity.install_id) {
    return fail({.kind = ErrorKind::not_found,
                 .code = object_missing,
                 .message = "the object is not ours"});
  }
  return {};
}

void add_options(reconcile::Fields& fields, std::string_view prefix, JsonView options) {
  options.each_member([&](const std::string& name, JsonView value) {
    if (!is_reserved_label(name)) {
      fields[std::string(prefix) + name] = value.text();
    }
  });
}

/// "1.41" -> 41; 0 for what is no version 1.
unsigned minor_of(std::string_view version) {
  if (!version.starts_with("1.")) {
    return 0;
  }
  const auto minor = parse_unsigned(version.substr(2));
  return minor && *minor < 10'000 ? static_cast<unsigned>(*minor) : 0;
}

/// Reads all elements of `list` that are ours with `read`; others are left out.
template <class Read>
auto read_ours(JsonView list, const Read& read) {
  using Object = typename decltype(read(list))::value_type;
  std::vector<Object> out;
  list.each([&](JsonView element) {
    if (auto object = read(element)) {
      out.push_back(*std::move(object));
    }
  });
  std::ranges::sort(out, {}, &Object::name);
  return out;
}

}  // namespace

Result<std::vector<std::string>> read_container_ids(JsonView reply) {
  SKERRY_CHECK(check_list(reply));
  std::vector<std::string> ids;
  bool whole = true;
  reply.each([&](JsonView container) {
    ids.push_back(container["Id"].text());
    whole = whole && !ids.back().empty();
  });
  if (!whole) {
    return fail(invalid_reply("the engine lists a container without an id"));
  }
  return ids;
}

Result<reconcile::ObservedNetwork> read_network(const Identity& identity, JsonView reply) {
  SKERRY_CHECK(check_ours(identity, reply["Labels"]));
  reconcile::ObservedNetwork out;
  out.id = reply["Id"].text();
  out.name = reply["Name"].text();
  if (out.id.empty() || out.name.empty()) {
    return fail(invalid_reply("the engine shows a network without an id or a name"));
  }
  out.stack = reply["Labels"][std::string(label::stack).c_str()].text();
  out.key = reply["Labels"][std::string(label::network).c_str()].text();
  out.fields["driver"] = reply["Driver"].text();
  const auto add_truth = [&](const char* name, const char* key) {
    if (reply[key].truth()) {
      out.fields[name] = "true";
    }
  };
  add_truth("internal", "Internal");
  add_truth("attachable", "Attachable");
  add_truth("enable_ipv6", "EnableIPv6");
  add_options(out.fields, "options.", reply["Options"]);
  add_options(out.fields, "labels.", reply["Labels"]);
  return out;
}

Result<std::vector<reconcile::ObservedNetwork>> read_networks(const Identity& identity,
                                                              JsonView reply) {
  SKERRY_CHECK(check_list(reply));
  return read_ours(reply, [&](JsonView element) { return read_network(identity, element); });
}

Result<reconcile::ObservedVolume> read_volume(const Identity& identity, JsonView reply) {
  SKERRY_CHECK(check_ours(identity, reply["Labels"]));
  reconcile::ObservedVolume out;
  out.name = reply["Name"].text();
  if (out.name.empty()) {
    return fail(invalid_reply("the engine shows a volume without a name"));
  }
  out.stack = reply["Labels"][std::string(label::stack).c_str()].text();
  out.key = reply["Labels"][std::string(label::volume).c_str()].text();
  return out;
}

Result<std::vector<reconcile::ObservedVolume>> read_volumes(const Identity& identity,
                                                            JsonView reply) {
  // An engine without any volume says null in place of a list.
  const auto list = reply["Volumes"];
  if (reply.is_object() && !list.is_present()) {
    return std::vector<reconcile::ObservedVolume>{};
  }
  SKERRY_CHECK(check_list(list));
  return read_ours(list, [&](JsonView element) { return read_volume(identity, element); });
}

Result<std::string> read_api_version(JsonView reply) {
  const unsigned newest = minor_of(reply["ApiVersion"].text());
  const unsigned oldest = minor_of(reply["MinAPIVersion"].text());
  if (newest < api_minor_min) {
    return fail({.kind = ErrorKind::unavailable,
                 .code = runtime_too_old,
                 .message = "the engine speaks API " + reply["ApiVersion"].text() +
                            ", but 1.41 (Docker 20.10) is the oldest that will do"});
  }
  return "v1." + std::to_string(std::max(api_minor_min, oldest));
}

Result<std::string> read_engine_identity(JsonView reply) {
  const auto id = reply["ID"].text();
  const auto directory = reply["DockerRootDir"].text();
  if (id.empty() && directory.empty()) {
    return fail(invalid_reply("the engine says nothing of itself"));
  }
  return id + " " + directory;
}

std::string read_error_message(std::string_view body) {
  const auto json = parse_json(body, {.members = "message"});
  std::string message = json ? json->view()["message"].text() : "";
  if (message.empty()) {
    message = std::string(body.substr(0, message_size_max));
  }
  message.resize(std::min(message.size(), message_size_max));
  while (!message.empty() && (message.back() == '\n' || !is_utf8(message))) {
    message.pop_back();
  }
  return message;
}

}  // namespace skerry::agent::docker
