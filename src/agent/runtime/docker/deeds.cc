#include "agent/runtime/docker/deeds.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/create_request.h"
#include "agent/runtime/docker/object_readers.h"

namespace skerry::agent::docker {
namespace {

using reconcile::Action;
using std::chrono::seconds;

/// Making and starting copies layers and sets up networks; on a slow card that takes a while.
constexpr auto limit_ordinary = std::chrono::milliseconds(seconds(120));
/// What a stop may take beyond the container's own grace period.
constexpr auto limit_beyond_grace = seconds(60);

Error missing(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::not_found, .code = code, .message = std::move(message)};
}

bool is(const Status& status, ErrorCode code) {
  return !status && status.error().code == code;
}

bool says(const Status& status, std::string_view words) {
  return !status && status.error().message.find(words) != std::string::npos;
}

Status status_of(const Result<Json>& reply) {
  return reply ? Status() : Status(fail(reply.error()));
}

/// What creating a container needs of its stack, without the other services.
reconcile::DesiredStack without_services(const reconcile::DesiredStack& stack) {
  return {.name = stack.name,
          .project = stack.project,
          .networks = stack.networks,
          .volumes = stack.volumes,
          .configs = stack.configs};
}

}  // namespace

/// One action under way: a copy of what it needs, for the context ends with `begin`.
struct Deeds::Deed {
  std::uint64_t number = 0;
  Action action = {};
  reconcile::DesiredStack stack = {};
  reconcile::DesiredService service = {};
  bool has_stack = false;
  bool has_service = false;
  std::string text = {};
  /// The container, network or volume to look at in the end.
  std::string id = {};

  std::string image = {};
  bool tried_pinned_image = false;
  std::vector<std::string> config_paths = {};
  std::string name = {};
  std::string body = {};
  std::size_t next_network = 0;
  std::unique_ptr<Pull> pull = {};
};

Deeds::Deeds(EngineClient& client,
             EngineView& view,
             os::EventLoop& loop,
             const Crypto& crypto,
             Identity identity,
             Callbacks callbacks)
    : client_(client),
      view_(view),
      loop_(loop),
      identity_(std::move(identity)),
      configs_(crypto, identity_.config_directory),
      callbacks_(std::move(callbacks)) {}

Deeds::~Deeds() = default;

void Deeds::begin(std::uint64_t number,
                  const Action& action,
                  const reconcile::Runtime::Context& context) {
  auto owned = std::make_unique<Deed>();
  Deed& deed = *owned;
  deed.number = number;
  deed.action = action;
  deed.id = action.id;
  if (context.stack != nullptr) {
    deed.stack = without_services(*context.stack);
    deed.has_stack = true;
  }
  if (context.service != nullptr) {
    deed.service = *context.service;
    deed.has_service = true;
  }
  deeds_.emplace(number, std::move(owned));
  switch (action.verb) {
    case Action::Verb::pull_image:
      return pull(deed);
    case Action::Verb::create_network:
      return create_network(deed);
    case Action::Verb::create_volume:
      return create_volume(deed);
    case Action::Verb::create_container:
      return create_container(deed);
    case Action::Verb::start_container:
      return start(deed);
    case Action::Verb::stop_container:
      return stop(deed);
    case Action::Verb::remove_container:
      return remove(deed);
    case Action::Verb::connect_network:
      return connect(deed);
    case Action::Verb::disconnect_network:
      return disconnect(deed);
    case Action::Verb::update_container:
      return update(deed);
    case Action::Verb::unpause_container:
      return unpause(deed);
    case Action::Verb::remove_network:
      return remove_network(deed);
  }
}

bool Deeds::creating() const {
  return std::ranges::any_of(deeds_, [](const auto& entry) {
    return entry.second->action.verb == Action::Verb::create_container;
  });
}

void Deeds::drop_unused_config_files() {
  if (const auto used = view_.config_files()) {
    configs_.keep_only(*used);
  }
}

Deeds::Deed* Deeds::find(std::uint64_t number) {
  const auto entry = deeds_.find(number);
  return entry == deeds_.end() ? nullptr : entry->second.get();
}

void Deeds::send(
    Deed& deed, std::string method, const std::string& path, std::string body, Next next) {
  auto limit = limit_ordinary;
  if (const auto* container = view_.container(deed.id); container != nullptr) {
    limit += container->stop_timeout + limit_beyond_grace;
  }
  client_.send(std::move(method),
               path,
               std::move(body),
               limit,
               [this, number = deed.number, next = std::move(next)](Result<Json> reply) {
                 if (auto* const found = find(number)) {
                   next(*found, std::move(reply));
                 }
               });
}

void Deeds::get(Deed& deed, std::string path, Wanted wanted, Next next) {
  client_.get(std::move(path),
              wanted,
              [this, number = deed.number, next = std::move(next)](Result<Json> reply) {
                if (auto* const found = find(number)) {
                  next(*found, std::move(reply));
                }
              });
}

Deeds::Next Deeds::last() {
  return [this](Deed& deed, Result<Json> reply) { end(deed, status_of(reply)); };
}

void Deeds::end(Deed& deed, const Status& outcome) {
  const auto done = [this, number = deed.number, outcome](const Status& refreshed) {
    // Done but not seen: whoever plans next would do it again, so it counts as failed.
    finish(number, outcome ? refreshed : outcome);
  };
  switch (deed.action.verb) {
    case Action::Verb::pull_image:
      return view_.refresh_images(done);
    case Action::Verb::create_network:
    case Action::Verb::remove_network:
      return deed.id.empty() ? done({}) : view_.refresh_network(deed.id, done);
    case Action::Verb::create_volume:
      return deed.id.empty() ? done({}) : view_.refresh_volume(deed.id, done);
    default:
      return deed.id.empty() ? done({}) : view_.refresh_container(deed.id, done);
  }
}

void Deeds::finish(std::uint64_t number, Status outcome) {
  const auto entry = deeds_.extract(number);
  if (entry.empty()) {
    return;
  }
  const Deed& deed = *entry.mapped();
  if (!outcome && outcome.error().field_path.empty()) {
    outcome.error().field_path = "docker: " + to_string(deed.action.verb);
  }
  callbacks_.finished(number, std::move(outcome), deed.text);
}

void Deeds::pull(Deed& deed) {
  const auto wanted = deed.action.id.empty() ? deed.action.key : deed.action.id;
  const auto path = "/images/" + url_escape(wanted) + "/json";
  get(deed, path, image_name_wanted, [this](Deed& own, Result<Json> reply) {
    if (reply || reply.error().code != object_missing) {
      return end(own, status_of(reply));
    }
    own.pull = std::make_unique<Pull>(
        loop_.clock(),
        Pull::Callbacks{
            .progress = [this, number = own.number](
                            std::string text) { callbacks_.progress(number, std::move(text)); },
            .done =
                [this, number = own.number](const Status& outcome) {
                  if (auto* const found = find(number)) {
                    end(*found, outcome);
                  }
                }});
    if (const auto begun = own.pull->begin(client_, own.action.key); !begun) {
      end(own, begun);
    }
  });
}

void Deeds::create_network(Deed& deed) {
  const auto* network = deed.has_stack ? find_network(deed.stack, deed.action.key) : nullptr;
  if (network == nullptr) {
    return end(deed, fail(missing(object_missing, "no such network in the stack")));
  }
  auto body = network_body(identity_, deed.stack, *network);
  if (!body) {
    return end(deed, fail(std::move(body).error()));
  }
  send(deed,
       "POST",
       "/networks/create",
       *std::move(body),
       [this, name = network->name](Deed& own, Result<Json> reply) {
         if (reply) {
           own.id = reply->view()["Id"].text();
           return end(own, {});
         }
         if (reply.error().kind != ErrorKind::conflict) {
           return end(own, fail(std::move(reply).error()));
         }
         // One of this name is there. Ours: then it is done. Else the end is an honest error, for
         // containers find their networks by name.
         const auto path = "/networks/" + url_escape(name);
         get(own, path, network_wanted, [this, name](Deed& again, Result<Json> found) {
           again.id = found ? found->view()["Id"].text() : "";
           const auto install =
               found ? found->view()["Labels"][std::string(label::install).c_str()].text() : "";
           const bool ours = install == identity_.install_id;
           end(again,
               ours ? Status()
                    : fail({.kind = ErrorKind::conflict,
                            .code = name_taken,
                            .message = "another network holds the name " + name +
                                       "; declare it external or remove it"}));
         });
       });
}

void Deeds::create_volume(Deed& deed) {
  const auto* volume = deed.has_stack ? find_volume(deed.stack, deed.action.key) : nullptr;
  if (volume == nullptr) {
    return end(deed, fail(missing(object_missing, "no such volume in the stack")));
  }
  auto body = volume_body(identity_, deed.stack, *volume);
  if (!body) {
    return end(deed, fail(std::move(body).error()));
  }
  deed.id = volume->name;
  send(deed, "POST", "/volumes/create", *std::move(body), [this](Deed& own, Result<Json> reply) {
    if (!reply) {
      return end(own, fail(std::move(reply).error()));
    }
    // The engine hands out a volume that was there before, whoever made it.
    const auto install = reply->view()["Labels"][std::string(label::install).c_str()].text();
    const bool ours = install == identity_.install_id;
    end(own,
        ours ? Status()
             : fail({.kind = ErrorKind::conflict,
                     .code = name_taken,
                     .message = "a volume " + own.id +
                                " is there that this site did not make; declare it external "
                                "to use it"}));
  });
}

void Deeds::create_container(Deed& deed) {
  if (!deed.has_stack || !deed.has_service) {
    return end(deed, fail(missing(object_missing, "no such service in the stack")));
  }
  const auto& spec = deed.service.spec;
  for (const auto& mount : spec.configs) {
    const auto config = std::ranges::find(deed.stack.configs, mount.source, &document::Config::key);
    if (config == deed.stack.configs.end()) {
      return end(deed, fail(missing(object_missing, "no config " + mount.source)));
    }
    auto file = configs_.put(*config, mount);
    if (!file) {
      return end(deed, fail(std::move(file).error()));
    }
    deed.config_paths.push_back(identity_.engine_config_directory + "/" + *file);
  }
  deed.name = container_name(deed.stack, spec.name);
  deed.image = spec.image;
  get_image(deed);
}

void Deeds::get_image(Deed& deed) {
  get(deed,
      "/images/" + url_escape(deed.image) + "/json",
      {.members = "Id,Config{Entrypoint}"},
      [this](Deed& own, const Result<Json>& reply) { on_image(own, reply); });
}

void Deeds::on_image(Deed& deed, const Result<Json>& reply) {
  const auto& pinned = deed.service.image_id;
  const bool is_it = reply && (pinned.empty() || reply->view()["Id"].text() == pinned);
  if (!is_it && !pinned.empty() && !deed.tried_pinned_image) {
    // The tag has moved or gone; the image it meant may still be at hand.
    deed.tried_pinned_image = true;
    deed.image = pinned;
    return get_image(deed);
  }
  if (!is_it) {
    const bool absent = reply || reply.error().code == object_missing;
    return end(deed,
               absent ? fail(missing(image_missing, "the image " + deed.image + " is not at hand"))
                      : fail(reply.error()));
  }
  const CreateInput input{.identity = &identity_,
                          .stack = &deed.stack,
                          .service = &deed.service,
                          .image = deed.image,
                          .image_entrypoint = reply->view()["Config"]["Entrypoint"].texts(),
                          .config_paths = deed.config_paths};
  auto body = container_body(input);
  if (!body) {
    return end(deed, fail(std::move(body).error()));
  }
  deed.body = *std::move(body);
  post_container(deed);
}

void Deeds::post_container(Deed& deed) {
  send(deed,
       "POST",
       "/containers/create?name=" + url_escape(deed.name),
       deed.body,
       [this](Deed& own, Result<Json> reply) {
         if (reply) {
           return on_created(own, *reply);
         }
         if (reply.error().kind == ErrorKind::conflict && own.text.empty()) {
           return on_name_taken(own, reply.error());
         }
         end(own, fail(std::move(reply).error()));
       });
}

void Deeds::on_name_taken(Deed& deed, const Error& conflict) {
  get(deed,
      "/containers/" + url_escape(deed.name) + "/json",
      container_core_wanted,
      [this, conflict](Deed& own, Result<Json> reply) {
        if (!reply) {
          return end(own, fail(conflict));
        }
        const auto holder = reply->view()["Config"]["Labels"];
        if (holder[std::string(label::install).c_str()].text() == identity_.install_id) {
          // Our own, from a request whose answer was lost: done, if it is what is wanted now.
          own.id = reply->view()["Id"].text();
          const bool same =
              holder[std::string(label::config).c_str()].text() == own.service.config_hash;
          return end(own,
                     same ? Status()
                          : fail({.kind = ErrorKind::conflict,
                                  .code = name_taken,
                                  .message = "the name " + own.name +
                                             " is held by a container of this site"}));
        }
        const auto taken = std::exchange(
            own.name, second_container_name(identity_, own.stack, own.service.spec.name));
        own.text =
            "made as " + own.name + ", for a container that is not ours holds the name " + taken;
        post_container(own);
      });
}

void Deeds::on_created(Deed& deed, const Json& reply) {
  deed.id = reply.view()["Id"].text();
  if (deed.id.empty()) {
    return end(deed,
               fail({.kind = ErrorKind::invalid,
                     .code = runtime_reply_invalid,
                     .message = "the engine made a container without an id"}));
  }
  // An ending like any other until `start` is asked for: what stops it before is not us.
  deed.next_network = 1;
  connect_rest(deed);
}

void Deeds::connect_rest(Deed& deed) {
  const auto& networks = deed.service.spec.networks;
  if (deed.next_network >= networks.size()) {
    return end(deed, {});
  }
  const auto& attachment = networks[deed.next_network++];
  const auto* network = find_network(deed.stack, attachment.network);
  if (network == nullptr) {
    return give_up_created(deed, missing(object_missing, "no network " + attachment.network));
  }
  send(deed,
       "POST",
       "/networks/" + url_escape(network->name) + "/connect",
       connect_body(attachment, deed.service.spec, deed.id),
       [this](Deed& own, Result<Json> reply) {
         if (!reply) {
           return give_up_created(own, std::move(reply).error());
         }
         connect_rest(own);
       });
}

void Deeds::give_up_created(Deed& deed, Error error) {
  // Half made would be started by whoever finds it.
  send(deed,
       "DELETE",
       "/containers/" + deed.id + "?force=1&v=1",
       "",
       [this, error = std::move(error)](Deed& own, const Result<Json>&) { end(own, fail(error)); });
}

void Deeds::start(Deed& deed) {
  view_.start_is_ours(deed.id);
  send(deed, "POST", "/containers/" + url_escape(deed.id) + "/start", "", last());
}

void Deeds::stop(Deed& deed) {
  view_.stop_is_ours(deed.id);
  // Without `t` the engine takes the grace period that the container was made with.
  send(deed,
       "POST",
       "/containers/" + url_escape(deed.id) + "/stop",
       "",
       [this](Deed& own, const Result<Json>& reply) {
         const auto status = status_of(reply);
         end(own, is(status, object_missing) ? Status() : status);
       });
}

void Deeds::remove(Deed& deed) {
  view_.stop_is_ours(deed.id);
  // Without `v`: what an image's VOLUME holds is somebody's data (docs/compose.md).
  send(deed,
       "DELETE",
       "/containers/" + url_escape(deed.id) + "?force=1",
       "",
       [this](Deed& own, const Result<Json>& reply) {
         const auto status = status_of(reply);
         const bool gone = is(status, object_missing) || says(status, "is already in progress");
         end(own, gone ? Status() : status);
       });
}

void Deeds::connect(Deed& deed) {
  const auto* network = deed.has_stack ? find_network(deed.stack, deed.action.network) : nullptr;
  const auto& attachments = deed.service.spec.networks;
  const auto attachment =
      std::ranges::find(attachments, deed.action.network, &document::Attachment::network);
  if (network == nullptr || attachment == attachments.end()) {
    return end(deed, fail(missing(object_missing, "no such network in the service")));
  }
  const auto path = "/networks/" + url_escape(network->name);
  const auto join = [this, path, body = connect_body(*attachment, deed.service.spec, deed.id)](
                        Deed& own, const Result<Json>&) {
    send(own, "POST", path + "/connect", body, last());
  };
  // It may be on it with other aliases or addresses, which cannot be changed in place, and somebody
  // may have joined it a moment ago; where it is not on it, the engine's refusal to take it off is
  // what was wanted.
  send(deed, "POST", path + "/disconnect", disconnect_body(deed.id), join);
}

void Deeds::disconnect(Deed& deed) {
  // A network that somebody else connected is no network of the stack; then it goes by its name.
  const auto* network = deed.has_stack ? find_network(deed.stack, deed.action.network) : nullptr;
  const auto& name = network != nullptr ? network->name : deed.action.network;
  send(deed,
       "POST",
       "/networks/" + url_escape(name) + "/disconnect",
       disconnect_body(deed.id),
       [this](Deed& own, const Result<Json>& reply) {
         const auto status = status_of(reply);
         const bool off = is(status, object_missing) || says(status, "is not connected");
         end(own, off ? Status() : status);
       });
}

void Deeds::update(Deed& deed) {
  if (!deed.has_service) {
    return end(deed, fail(missing(object_missing, "no such service in the stack")));
  }
  send(deed,
       "POST",
       "/containers/" + url_escape(deed.id) + "/update",
       update_body(deed.service.spec),
       last());
}

void Deeds::unpause(Deed& deed) {
  send(deed,
       "POST",
       "/containers/" + url_escape(deed.id) + "/unpause",
       "",
       [this](Deed& own, const Result<Json>& reply) {
         const auto status = status_of(reply);
         end(own, says(status, "is not paused") ? Status() : status);
       });
}

void Deeds::remove_network(Deed& deed) {
  send(deed,
       "DELETE",
       "/networks/" + url_escape(deed.id),
       "",
       [this](Deed& own, const Result<Json>& reply) {
         const auto status = status_of(reply);
         end(own, is(status, object_missing) ? Status() : status);
       });
}

}  // namespace skerry::agent::docker
