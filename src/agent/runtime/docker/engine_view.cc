#include "agent/runtime/docker/engine_view.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "agent/runtime/docker/codes.h"
#include "agent/runtime/docker/create_request.h"
#include "agent/runtime/docker/object_readers.h"
#include "reconcile/fields.h"

namespace skerry::agent::docker {
namespace {

using reconcile::ContainerState;

/// A container that stops this much later than its stop timeout after a signal did not stop for it.
constexpr auto stop_slack = std::chrono::seconds(5);
/// The engine stops its containers when it goes down itself; 15 s is what it gives them.
constexpr auto shutdown_time = std::chrono::seconds(20);

bool is_missing(const Error& error) {
  return error.code == object_missing;
}

bool is_too_large(const Error& error) {
  return error.code == runtime_reply_too_large;
}

bool is_stopped(ContainerState state) {
  return state == ContainerState::exited || state == ContainerState::dead;
}

/// An image that was deleted under its container can no longer say what it brought, and one that
/// brings more than may be read never could. Then all that could have come from it is taken for the
/// container's own, so that nothing is recreated for want of knowledge.
reconcile::Fields inheritable(const reconcile::Fields& fields) {
  reconcile::Fields out;
  for (const auto& [name, value] : fields) {
    const auto* rule = reconcile::field_rule(name);
    if (rule != nullptr && rule->absent == reconcile::Absent::image) {
      out.emplace(name, value);
    }
  }
  return out;
}

}  // namespace

EngineView::EngineView(EngineClient& client, const Clock& clock, Identity identity)
    : client_(client), clock_(clock), identity_(std::move(identity)) {}

std::string EngineView::filters() const {
  Json labels = Json::array();
  labels.add(Json::text(std::string(label::install) + "=" + identity_.install_id));
  Json out = Json::object();
  out.set("label", std::move(labels));
  return "filters=" + url_escape(out.dump());
}

EngineView::Done EngineView::part() {
  ++scan_->pending;
  return [this](Status status) { scanned(std::move(status)); };
}

void EngineView::scan(Done done) {
  scan_ = Scan{.done = std::move(done)};
  ++scan_->pending;
  client_.get("/info", engine_identity_wanted, [this](Result<Json> reply) {
    on_identity(std::move(reply));
  });
}

void EngineView::on_identity(Result<Json> reply) {
  auto engine = reply ? read_engine_identity(reply->view())
                      : Result<std::string>(fail(std::move(reply).error()));
  if (!engine) {
    return scanned(fail(std::move(engine).error()));
  }
  if (!found_.empty() && !engine_.empty() && *engine != engine_) {
    // An engine whose disk is not mounted also answers. The next scan takes it as it is.
    engine_ = *engine;
    return scanned(fail({.kind = ErrorKind::unavailable,
                         .code = runtime_reply_invalid,
                         .message = "another engine answers than before"}));
  }
  engine_ = *engine;
  scan_->pending += 3;
  client_.get("/containers/json?all=1&" + filters(),
              container_list_wanted,
              [this](Result<Json> list) { on_container_list(std::move(list)); });
  client_.get("/networks?" + filters(), network_list_wanted, [this](Result<Json> list) {
    on_network_list(std::move(list));
  });
  client_.get("/volumes?" + filters(), volume_list_wanted, [this](Result<Json> list) {
    on_volume_list(std::move(list));
  });
  refresh_images(part());
  scanned({});
}

void EngineView::on_container_list(Result<Json> reply) {
  auto ids = reply ? read_container_ids(reply->view())
                   : Result<std::vector<std::string>>(fail(std::move(reply).error()));
  if (!ids) {
    return scanned(fail(std::move(ids).error()));
  }
  std::set<std::string> all(ids->begin(), ids->end());
  for (const auto& [id, known] : found_) {
    all.insert(id);
  }
  for (const auto& id : all) {
    refresh_container(id, part());
  }
  scanned({});
}

void EngineView::on_network_list(Result<Json> reply) {
  auto list = reply
                  ? read_networks(identity_, reply->view())
                  : Result<std::vector<reconcile::ObservedNetwork>>(fail(std::move(reply).error()));
  if (!list) {
    return scanned(fail(std::move(list).error()));
  }
  std::set<std::string> unlisted;
  for (const auto& [id, network] : networks_) {
    unlisted.insert(id);
  }
  for (auto& network : *list) {
    unlisted.erase(network.id);
    networks_.insert_or_assign(network.id, std::move(network));
  }
  for (const auto& id : unlisted) {
    refresh_network(id, part());
  }
  scanned({});
}

void EngineView::on_volume_list(Result<Json> reply) {
  auto list = reply
                  ? read_volumes(identity_, reply->view())
                  : Result<std::vector<reconcile::ObservedVolume>>(fail(std::move(reply).error()));
  if (!list) {
    return scanned(fail(std::move(list).error()));
  }
  std::set<std::string> unlisted;
  for (const auto& [name, volume] : volumes_) {
    unlisted.insert(name);
  }
  for (auto& volume : *list) {
    unlisted.erase(volume.name);
    volumes_.insert_or_assign(volume.name, std::move(volume));
  }
  for (const auto& name : unlisted) {
    refresh_volume(name, part());
  }
  scanned({});
}

void EngineView::scanned(Status status) {
  if (!scan_) {
    return;
  }
  if (!status && scan_->outcome) {
    scan_->outcome = std::move(status);
  }
  if (--scan_->pending > 0) {
    return;
  }
  const auto ended = std::move(*scan_);
  scan_.reset();
  complete_ = ended.outcome.has_value();
  if (complete_) {
    // No reply of before this scan is still under way, or it would be part of it or later.
    std::erase_if(tickets_, [this](const auto& entry) { return !found_.contains(entry.first); });
    std::erase_if(ours_, [this](const auto& id) { return !found_.contains(id); });
    std::erase_if(image_fields_, [this](const auto& entry) {
      return std::ranges::none_of(found_, [&](const auto& known) {
        return known.second.found.observed.image_id == entry.first;
      });
    });
  }
  ended.done(ended.outcome);
}

Result<FoundContainer> EngineView::read_found(const Result<Json>& reply) const {
  if (!reply) {
    return fail(reply.error());
  }
  return read_container(identity_, reply->view());
}

void EngineView::refresh_container(const std::string& id, Done done) {
  const auto ticket = ++last_ticket_;
  client_.get("/containers/" + url_escape(id) + "/json",
              container_wanted,
              [this, id, ticket, done = std::move(done)](Result<Json> reply) {
                if (!reply && is_too_large(reply.error())) {
                  return refresh_core(id, std::move(reply).error(), done);
                }
                on_container(id, ticket, read_found(reply), done);
              });
}

/// One container that is too large to read is still there and still ours: without its fields it
/// holds up nobody but itself, and is never taken for gone.
void EngineView::refresh_core(const std::string& id, Error why, Done done) {
  const auto ticket = ++last_ticket_;
  client_.get("/containers/" + url_escape(id) + "/json",
              container_core_wanted,
              [this, id, ticket, why = std::move(why), done = std::move(done)](Result<Json> reply) {
                auto found = read_found(reply);
                if (found) {
                  found->observed.fields.clear();
                  found->observed.unread = why.message;
                }
                on_container(id, ticket, std::move(found), done);
              });
}

void EngineView::on_container(const std::string& id,
                              std::uint64_t ticket,
                              Result<FoundContainer> found,
                              Done done) {
  if (found) {
    return add_container(*std::move(found), ticket, std::move(done));
  }
  if (!is_missing(found.error())) {
    return done(fail(std::move(found).error()));
  }
  if (tickets_[id] < ticket) {
    tickets_[id] = ticket;
    found_.erase(id);
  }
  done({});
}

void EngineView::add_container(FoundContainer found, std::uint64_t ticket, Done done) {
  const auto image = found.observed.image_id;
  if (!found.observed.unread.empty()) {
    keep(std::move(found), {}, ticket);
    return done({});
  }
  if (const auto known = image_fields_.find(image); known != image_fields_.end()) {
    keep(std::move(found), known->second, ticket);
    return done({});
  }
  client_.get(
      "/images/" + url_escape(image) + "/json",
      image_wanted,
      [this, found = std::move(found), ticket, done = std::move(done)](Result<Json> reply) mutable {
        auto read =
            reply ? read_image(reply->view()) : Result<FoundImage>(fail(std::move(reply).error()));
        if (!read && !is_missing(read.error()) && !is_too_large(read.error())) {
          return done(fail(std::move(read).error()));
        }
        auto fields = read ? read->fields : inheritable(found.observed.fields);
        if (read) {
          image_fields_.insert_or_assign(found.observed.image_id, fields);
        }
        keep(std::move(found), std::move(fields), ticket);
        done({});
      });
}

void EngineView::keep(FoundContainer found, reconcile::Fields image_fields, std::uint64_t ticket) {
  const auto id = found.observed.id;
  if (tickets_[id] > ticket) {
    return;
  }
  tickets_[id] = ticket;
  Known& known = found_[id];
  // Wall time is asked once per start and stop, so a clock that jumps later moves nothing.
  if (found.started_at.empty()) {
    known.started_at.reset();
  } else if (found.started_at != known.found.started_at) {
    known.started_at = instant_of(found.started_at);
  }
  if (found.finished_at.empty()) {
    known.stopped_at.reset();
  } else if (found.finished_at != known.found.finished_at) {
    known.stopped_at = instant_of(found.finished_at);
  }
  known.found = std::move(found);
  known.image_fields = std::move(image_fields);
}

Instant EngineView::instant_of(const std::string& engine_time) const {
  const auto time = read_time(engine_time);
  const auto age = time ? clock_.wall() - *time : WallTime::duration::zero();
  return clock_.now() - std::max(age, WallTime::duration::zero());
}

void EngineView::refresh_network(const std::string& id, Done done) {
  client_.get("/networks/" + url_escape(id),
              network_wanted,
              [this, id, done = std::move(done)](Result<Json> reply) {
                auto network =
                    reply ? read_network(identity_, reply->view())
                          : Result<reconcile::ObservedNetwork>(fail(std::move(reply).error()));
                if (network) {
                  const auto key = network->id;
                  networks_.insert_or_assign(key, *std::move(network));
                } else if (is_missing(network.error())) {
                  networks_.erase(id);
                } else {
                  return done(fail(std::move(network).error()));
                }
                done({});
              });
}

void EngineView::refresh_volume(const std::string& name, Done done) {
  client_.get("/volumes/" + url_escape(name),
              volume_wanted,
              [this, name, done = std::move(done)](Result<Json> reply) {
                auto volume =
                    reply ? read_volume(identity_, reply->view())
                          : Result<reconcile::ObservedVolume>(fail(std::move(reply).error()));
                if (volume) {
                  const auto key = volume->name;
                  volumes_.insert_or_assign(key, *std::move(volume));
                } else if (is_missing(volume.error())) {
                  volumes_.erase(name);
                } else {
                  return done(fail(std::move(volume).error()));
                }
                done({});
              });
}

void EngineView::refresh_images(const Done& done) {
  std::erase_if(images_, [this](const auto& entry) {
    return std::ranges::find(watched_, entry.first) == watched_.end();
  });
  if (watched_.empty()) {
    return done({});
  }

  // One after the other would do, but all at once is the same code: the client lines them up.
  struct Count {
    std::size_t pending = 0;
    Status outcome = {};
  };

  // Shared by the callbacks of one round, of which any may be the last.
  const auto count = std::make_shared<Count>(Count{.pending = watched_.size()});
  const auto references = watched_;
  for (const auto& reference : references) {
    refresh_image(reference, [count, done](Status status) {
      if (!status) {
        count->outcome = std::move(status);
      }
      if (--count->pending == 0) {
        done(count->outcome);
      }
    });
  }
}

void EngineView::refresh_image(const std::string& reference, Done done) {
  client_.get(
      "/images/" + url_escape(reference) + "/json",
      image_name_wanted,
      [this, reference, done = std::move(done)](Result<Json> reply) {
        auto image =
            reply ? read_image(reply->view()) : Result<FoundImage>(fail(std::move(reply).error()));
        if (image) {
          images_.insert_or_assign(
              reference,
              reconcile::ObservedImage{
                  .reference = reference, .id = image->id, .repo_digest = image->repo_digest});
        } else if (is_missing(image.error())) {
          images_.erase(reference);
        } else {
          return done(fail(std::move(image).error()));
        }
        done({});
      });
}

void EngineView::on_container_event(const std::string& id, std::string_view action) {
  const auto entry = found_.find(id);
  if (entry == found_.end()) {
    return;
  }
  Known& known = entry->second;
  const auto now = clock_.now();
  const bool own = ours_.contains(id);
  if (action == "start") {
    known.killed_at.reset();
    known.stopped_by_hand_at.reset();
  } else if (action == "kill" && !own) {
    known.killed_at = now;
  } else if (action == "stop" && !own) {
    known.stopped_by_hand_at = now;
  } else if (action == "die" && known.killed_at &&
             now - *known.killed_at <= known.found.stop_timeout + stop_slack) {
    // A signal that the workload survived, and a crash much later, are two things.
    known.stopped_by_hand_at = now;
  }
}

void EngineView::engine_is_down() {
  complete_ = false;
  const auto now = clock_.now();
  for (auto& [id, known] : found_) {
    known.killed_at.reset();
    if (known.stopped_by_hand_at && now - *known.stopped_by_hand_at <= shutdown_time) {
      known.stopped_by_hand_at.reset();
    }
  }
}

const FoundContainer* EngineView::container(const std::string& id) const {
  const auto entry = found_.find(id);
  return entry == found_.end() ? nullptr : &entry->second.found;
}

std::optional<std::set<std::string, std::less<>>> EngineView::config_files() const {
  std::set<std::string, std::less<>> out;
  for (const auto& [id, known] : found_) {
    if (!known.found.observed.unread.empty()) {
      return std::nullopt;
    }
    out.insert(known.found.config_files.begin(), known.found.config_files.end());
  }
  return out;
}

reconcile::Observed EngineView::snapshot() const {
  reconcile::Observed out;
  out.complete = complete_;
  for (const auto& [id, known] : found_) {
    auto container = known.found.observed;
    container.image_fields = known.image_fields;
    container.started_at = known.started_at;
    container.stopped_at = known.stopped_at;
    container.stopped_by_hand = known.stopped_by_hand_at.has_value() && is_stopped(container.state);
    out.containers.push_back(std::move(container));
  }
  for (const auto& [id, network] : networks_) {
    out.networks.push_back(network);
  }
  for (const auto& [name, volume] : volumes_) {
    out.volumes.push_back(volume);
  }
  for (const auto& [reference, image] : images_) {
    out.images.push_back(image);
  }
  std::ranges::sort(out.containers, {}, &reconcile::ObservedContainer::name);
  std::ranges::sort(out.networks, {}, &reconcile::ObservedNetwork::name);
  return out;
}

}  // namespace skerry::agent::docker
