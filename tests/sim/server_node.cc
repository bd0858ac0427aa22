#include "sim/server_node.h"

#include <algorithm>
#include <utility>

#include "server/store/codes.h"
#include "skerry/api/v1/access.pb.h"
#include "trust/sign.h"

namespace skerry::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* store_path = "store.db";
constexpr int rounds_max = 500;

Error error_of(const Status& status) {
  return status ? Error{} : status.error();
}

}  // namespace

ServerNode::ServerNode(const Site& site, std::uint64_t seed)
    : site_(site),
      random_(SimRandom::seed_of(seed, 1)),
      keys_(trust::make_keys(site.crypto).value()),
      disk_(std::make_unique<SimDisk>()),
      log_(clock_, [this](LogLevel, std::string_view line) {
        site_.timeline.say("server " + std::string(line));
      }) {
  clock_.set(site_.timeline.now());
  vfs_.set_disk(*disk_);
}

void ServerNode::initialise() {
  start();
  api::v1::EnrollmentToken token;
  (*token.mutable_spec()->mutable_labels())["zone"] = "north";
  const std::string trust = trust::sign(trust::trust_payload(trust::first_trust(keys_)),
                                        keys_.get(trust::KeyRole::root),
                                        site_.crypto)
                                .value();
  submit({.by = {.name = "setup"},
          .operations = {store::PutTrust{.version = 1, .envelope = trust},
                         store::AddToken{.token = {.kind = store::TokenRow::Kind::enrol,
                                                   .hash = site_.crypto.sha256("token-of-all"),
                                                   .body = token.SerializeAsString()}}}});
  pump();
}

void ServerNode::open() {
  Result<std::unique_ptr<store::Writer>> writer = store::Writer::open(
      {.path = store_path, .vfs = SimVfs::name(), .checkpoint_pages = 200},
      {.clock = &clock_, .random = &random_, .crypto = &site_.crypto, .log = &log_});
  if (!writer) {
    throw ProcessEnded{writer.error()};
  }
  writer_ = *std::move(writer);
  Result<std::unique_ptr<store::Reader>> reader = store::Reader::open(store_path, SimVfs::name());
  if (!reader) {
    throw ProcessEnded{reader.error()};
  }
  reader_ = *std::move(reader);
  const auto hand_over = [this](store::Change change, store::Done done) {
    return writer_->submit(std::move(change), std::move(done));
  };
  planner_ = std::make_unique<planner::Planner>(
      planner::Environment{.reader = reader_.get(),
                           .submit = hand_over,
                           .key = &keys_.get(trust::KeyRole::planner),
                           .crypto = &site_.crypto,
                           .log = &log_});
  gateway_ = std::make_unique<gateway::Gateway>(gateway::Desk{.reader = reader_.get(),
                                                              .submit = hand_over,
                                                              .signers = signers(),
                                                              .clock = &clock_,
                                                              .random = &random_,
                                                              .log = &log_,
                                                              .server_version = "sim",
                                                              .beat_s = 300});
}

void ServerNode::start() {
  clock_.set(site_.timeline.now());
  guarded([this] { open(); });
  if (is_running()) {
    ++generation_;
    site_.timeline.trace("server up");
    guarded([this] { check_objects(); });
    pump();
  }
}

template <class Deed>
void ServerNode::guarded(Deed deed) {
  try {
    deed();
  } catch (const ProcessEnded& ended) {
    if (ended.why.code == store::store_corrupt) {
      throw Broken{"G12 a power cut damages no store", to_string(ended.why)};
    }
    site_.timeline.trace("server ended");
    site_.timeline.say(to_string(ended.why));
    ++site_.counts["server.ended_by_" + std::string(ended.why.code.name)];
    end(Death::kill, seconds(2 + static_cast<std::int64_t>(random_.below(20))));
  }
}

void ServerNode::end(Death death, milliseconds restart_after) {
  static constexpr PowerCut cuts[] = {
      PowerCut::drop_unsynced, PowerCut::keep_all, PowerCut::random_subset, PowerCut::torn};
  const PowerCut cut = death == Death::kill ? PowerCut::keep_all : cuts[random_.below(4)];
  const DiskImage image =
      disk_->after_power_cut(cut, [this](std::uint64_t bound) { return random_.below(bound); });
  const SimDisk::Faults faults = disk_->faults();
  for (auto& [number, stream] : std::exchange(streams_, {})) {
    stream->is_open[static_cast<std::size_t>(End::server)] = false;
    site_.network.break_stream(*stream);
  }
  gateway_.reset();
  planner_.reset();
  reader_.reset();
  writer_.reset();
  ++generation_;
  disk_ = std::make_unique<SimDisk>(image);
  disk_->set_faults({.capacity_bytes = faults.capacity_bytes});
  vfs_.set_disk(*disk_);
  site_.timeline.in(restart_after, [this, generation = generation_] {
    if (!is_running() && generation == generation_) {
      start();
    }
  });
}

void ServerNode::heal() {
  disk_->set_faults({});
  clock_.set_wall_jump(milliseconds(0));
}

void ServerNode::on_accept(const std::shared_ptr<Stream>& stream) {
  clock_.set(site_.timeline.now());
  stream->number = gateway_->on_open(stream->key(), "192.0.2.1", *stream);
  streams_[stream->number] = stream;
}

void ServerNode::on_bytes(Stream& stream, std::string_view bytes) {
  if (!is_running() || !streams_.contains(stream.number)) {
    return;
  }
  clock_.set(site_.timeline.now());
  gateway_->on_bytes(stream.number, bytes);
  pump();
}

void ServerNode::on_closed(Stream& stream) {
  if (!is_running() || streams_.erase(stream.number) == 0) {
    return;
  }
  clock_.set(site_.timeline.now());
  gateway_->on_closed(stream.number);
}

void ServerNode::submit(store::Change change) {
  if (!is_running()) {
    return;
  }
  remember(change, false);
  static_cast<void>(writer_->submit(change, [this, change](const Result<store::Outcome>& outcome) {
    if (outcome) {
      remember(change, true);
    }
  }));
  pump();
}

void ServerNode::pump() {
  if (is_working_ || !is_running()) {
    return;
  }
  is_working_ = true;
  clock_.set(site_.timeline.now());
  guarded([this] { work(); });
  is_working_ = false;
}

void ServerNode::work() {
  std::uint64_t seen = ~std::uint64_t{0};
  for (int round = 0;; ++round) {
    const Result<bool> more = writer_->step();
    if (!more) {
      throw ProcessEnded{more.error()};
    }
    const Result<planner::Planner::Progress> progress = planner_->step();
    const bool has_moved = seen != writer_->commits();
    seen = writer_->commits();
    Instant wake = clock_.now() + seconds(30);
    if (has_moved) {
      Result<Instant> stepped = gateway_->step(clock_.now());
      if (!stepped) {
        throw ProcessEnded{stepped.error()};
      }
      wake = *stepped;
    }
    const bool planner_rests = !progress || *progress == planner::Planner::Progress::idle;
    if (!*more && !has_moved && planner_rests) {
      wake_at(progress ? wake : clock_.now() + seconds(5));
      break;
    }
    if (round == rounds_max) {
      throw Broken{"a server comes to rest", "it works for ever"};
    }
  }
  follow_told();
  check_states();
}

void ServerNode::wake_at(Instant when) {
  if (wake_ && *wake_ > clock_.now() && *wake_ <= when) {
    return;
  }
  wake_ = when;
  site_.timeline.at(when, [this, when, generation = generation_] {
    if (is_running() && generation == generation_ && wake_ == when) {
      wake_.reset();
      clock_.set(site_.timeline.now());
      guarded([this] {
        if (const auto stepped = gateway_->step(clock_.now()); !stepped) {
          throw ProcessEnded{stepped.error()};
        }
      });
      pump();
    }
  });
}

void ServerNode::remember(const store::Change& change, bool is_answered) {
  for (const store::Operation& operation : change.operations) {
    const auto* put = std::get_if<store::PutObject>(&operation);
    const auto* removed = std::get_if<store::DeleteObject>(&operation);
    if (put == nullptr && removed == nullptr) {
      continue;
    }
    Known& known = objects_[put != nullptr ? std::pair(put->kind, put->name)
                                           : std::pair(removed->kind, removed->name)];
    const Digest after = put != nullptr ? site_.crypto.sha256(put->body) : Digest{};
    if (is_answered) {
      known.acknowledged = after;
      known.unanswered.clear();
    } else {
      known.unanswered.push_back(after);
    }
  }
}

/// G10: what was acknowledged is there; what was not is there whole or not at all.
void ServerNode::check_objects() {
  for (auto& [name, known] : objects_) {
    const auto row = reader_->object(name.first, name.second);
    if (!row) {
      throw ProcessEnded{row.error()};
    }
    const Digest found = *row ? (*row)->digest : Digest{};
    const bool is_fine = found == known.acknowledged ||
                         std::ranges::find(known.unanswered, found) != known.unanswered.end();
    if (!is_fine) {
      throw Broken{"G10 an acknowledged change survives", name.first + " " + name.second};
    }
    known = {.acknowledged = found};
  }
  if (const Status chain = reader_->verify_audit(site_.crypto); !chain) {
    if (chain.error().code != store::audit_broken) {
      throw ProcessEnded{chain.error()};
    }
    throw Broken{"G10 the audit chain holds", to_string(chain.error())};
  }
}

/// G7: an older word of a site never takes a newer one's place.
void ServerNode::check_states() {
  const auto page = reader_->states_since({}, 1000);
  if (!page) {
    throw ProcessEnded{page.error()};
  }
  for (const store::StateRow& row : page->rows) {
    document::ReportNumber& newest = states_[row.site];
    if (row.number < newest) {
      throw Broken{"G7 the newest word of a site wins", "site " + std::to_string(row.site)};
    }
    newest = row.number;
  }
}

/// G4: what is told to a site has a number above all that it was told before.
void ServerNode::follow_told() {
  const auto rows = reader_->told_since(told_version_, 1000);
  if (!rows) {
    throw ProcessEnded{rows.error()};
  }
  for (const store::ToldRow& row : *rows) {
    told_version_ = std::max(told_version_, row.version);
    document::PlanNumber& newest = told_[row.site];
    if (row.number <= newest) {
      throw Broken{"G4 the planner uses a number once", "site " + std::to_string(row.site)};
    }
    newest = row.number;
    on_told(row);
  }
}

std::vector<std::string> ServerNode::stacks() {
  std::vector<std::string> names;
  const std::vector<store::ObjectRow> rows = reader_->objects("Stack", "", 1000).value();
  for (const store::ObjectRow& row : rows) {
    names.push_back(row.name);
  }
  return names;
}

/// G8: of each start from 1 on, each number once.
void ServerNode::check_events() {
  std::map<store::SiteNumber, document::ReportNumber> next;
  std::uint64_t id = 0;
  for (;;) {
    const store::EventPage page = reader_->events_since(id, 1000).value();
    if (page.rows.empty()) {
      return;
    }
    for (const store::EventRow& row : page.rows) {
      id = row.id;
      document::ReportNumber& wanted = next[row.site];
      if (row.number.start > wanted.start) {
        wanted = {.start = row.number.start, .seq = 1};
      }
      if (row.number != wanted) {
        throw Broken{"G8 each event is stored once and in order",
                     "site " + std::to_string(row.site) + ": " + std::to_string(row.number.start) +
                         "." + std::to_string(row.number.seq) + " instead of " +
                         std::to_string(wanted.start) + "." + std::to_string(wanted.seq)};
      }
      wanted.seq += row.count;
    }
  }
}

void ServerNode::check_store() {
  const Status sound = reader_->check();
  if (!sound) {
    throw Broken{"G12 the store is sound", to_string(error_of(sound))};
  }
}

}  // namespace skerry::sim
