#include "sim/agent_node.h"

#include <algorithm>
#include <utility>

namespace skerry::sim {
namespace {

using agent::Agent;
using agent::FakeRuntime;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Rounds of agent and engine at one instant; more means that they drive each other in a circle.
constexpr int rounds_max = 200;
constexpr std::size_t ledger_bytes_max = std::size_t{64} * 1024 * 1024;
constexpr ErrorCode power_cut{"power_cut"};

document::StackAssignment assignment_of(const document::Manifest& manifest,
                                        const std::string& stack) {
  const auto found = std::ranges::find(manifest.stacks, stack, &document::StackAssignment::name);
  return found == manifest.stacks.end() ? document::StackAssignment{} : *found;
}

agent::Outbox::Limits outbox_limits_of(std::uint64_t seed) {
  SimRandom random(seed);
  const std::size_t events_max = 4 + random.below(60);
  return random.chance(500)
             ? agent::Outbox::Limits{}
             : agent::Outbox::Limits{.events_max = events_max, .security_reserve = events_max / 4};
}

/// Whether there is one container for each service of the stack and no other.
bool has_only(const reconcile::Observed& observed, const document::StackStatus& status) {
  const auto is_of_stack = [&](const auto& container) { return container.stack == status.name; };
  const auto has_one = [&](const document::ServiceStatus& service) {
    return std::ranges::count_if(observed.containers, [&](const auto& container) {
             return is_of_stack(container) && container.service == service.name;
           }) == 1;
  };
  return std::ranges::all_of(status.services, has_one) &&
         static_cast<std::size_t>(std::ranges::count_if(observed.containers, is_of_stack)) ==
             status.services.size();
}

}  // namespace

/// The agent's end of the network.
class AgentNode::Wire final : public agent::Connector {
 public:
  Wire(AgentNode& node, Network& network) : node_(node), network_(network) {}

  void dial(const std::string& /*address*/) override {
    stream_ = network_.dial(node_.index_, node_.agent_->key().public_key);
    events_.clear();
  }

  Status send(std::string_view bytes) override {
    if (stream_) {
      network_.send(*stream_, End::agent, bytes);
      remember_events(bytes);
    }
    return {};
  }

  void repeat_events() {
    if (stream_ && !events_.empty()) {
      network_.send(*stream_, End::agent, events_);
    }
  }

  void hang_up() override {
    if (stream_) {
      network_.close(*stream_, End::agent);
      stream_.reset();
    }
  }

  [[nodiscard]] bool is_current(const Stream& stream) const { return stream_.get() == &stream; }

  void forget() { stream_.reset(); }

 private:
  void remember_events(std::string_view bytes) {
    wire::FrameReader reader;
    reader.feed(bytes);
    for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
      if ((*frame)->kind == wire::EventBatch::kind) {
        events_.clear();
        wire::append_frame(events_, (*frame)->channel, (*frame)->kind, (*frame)->body);
      }
    }
  }

  AgentNode& node_;
  Network& network_;
  std::shared_ptr<Stream> stream_;
  /// The last events that this connection was given.
  std::string events_;
};

AgentNode::AgentNode(const Site& site, std::size_t index, std::uint64_t seed, const Digest& root)
    : site_(site),
      index_(index),
      random_(SimRandom::seed_of(seed, 100 + index)),
      engine_random_(SimRandom::seed_of(seed, 200 + index)),
      disk_(std::make_unique<SimDisk>()),
      runtime_(engine_random_),
      wire_(std::make_unique<Wire>(*this, site.network)),
      log_(clock_,
           [this](LogLevel level, std::string_view line) {
             site_.timeline.say(name() + " " + std::string(line));
             const bool is_of_fault =
                 damaged_ && line.find("ledger_damaged") != std::string_view::npos;
             if (level == LogLevel::error && !is_of_fault) {
               throw Broken{"no error is logged", std::string(line)};
             }
           }),
      outbox_limits_(outbox_limits_of(SimRandom::seed_of(seed, 300 + index))) {
  clock_.set(site_.timeline.now());
  const Status joined =
      agent::write_enrolment(*disk_, {.servers = {"server:443"}, .root = root, .name = name()});
  if (!joined) {
    throw Broken{"a site can be enrolled", to_string(joined.error())};
  }
}

AgentNode::~AgentNode() = default;

Result<std::unique_ptr<Agent>> AgentNode::open() {
  agent::AgentOptions options{.version = "sim",
                              .boot_id = "boot-" + std::to_string(generation_),
                              .facts = {{.name = "arch", .value = "amd64"}},
                              .die = [](const Error& error) { throw ProcessEnded{error}; },
                              .outbox = outbox_limits_};
  if (!was_enrolled) {
    options.token = Secret("token-of-all");
  }
  return Agent::open({*disk_, clock_, random_, site_.crypto, runtime_, *wire_, log_},
                     std::move(options));
}

void AgentNode::start() {
  clock_.set(site_.timeline.now());
  runtime_.step(clock_.now());
  check_history(false);  // Deeds that the process before had begun.
  runtime_.greet_again();
  watch_writes();
  guarded([this] {
    Result<std::unique_ptr<Agent>> opened = open();
    if (!opened) {
      throw ProcessEnded{opened.error()};
    }
    agent_ = *std::move(opened);
    check_kept_aside();
  });
  if (!agent_) {
    return;
  }
  ++generation_;
  check_recovered();
  pump();
}

/// Runs a piece of the process; it may end in the middle.
template <class Deed>
void AgentNode::guarded(Deed deed) {
  try {
    deed();
  } catch (const ProcessEnded& ended) {
    const bool is_damage = ended.why.code == agent::ledger_damaged;
    if (is_damage) {
      throw Broken{"G11 a power cut damages no ledger", name() + ": " + to_string(ended.why)};
    }
    site_.timeline.trace("agent ended", index_);
    site_.timeline.say(to_string(ended.why));
    ++site_.counts["agent.ended_by_" + std::string(ended.why.code.name)];
    end(ended.why.code == power_cut ? Death::power : Death::kill,
        seconds(5 + static_cast<std::int64_t>(random_.below(30))));
  }
}

void AgentNode::end(Death death, milliseconds restart_after) {
  static constexpr PowerCut cuts[] = {
      PowerCut::drop_unsynced, PowerCut::keep_all, PowerCut::random_subset, PowerCut::torn};
  const PowerCut cut = death == Death::kill ? PowerCut::keep_all : cuts[random_.below(4)];
  DiskImage image =
      disk_->after_power_cut(cut, [this](std::uint64_t bound) { return random_.below(bound); });
  const SimDisk::Faults faults = disk_->faults();
  wire_->hang_up();
  agent_.reset();
  wire_->forget();
  ++generation_;
  disk_ = std::make_unique<SimDisk>(image);
  disk_->set_faults({.capacity_bytes = faults.capacity_bytes});
  if (death == Death::power) {
    disturb();
    runtime_.stop_engine(FakeRuntime::Containers::stop);
    runtime_.start_engine();
  }
  site_.timeline.in(restart_after, [this, generation = generation_] {
    if (!agent_ && generation == generation_) {
      start();
    }
  });
}

void AgentNode::cut_power_at(std::uint64_t operation, milliseconds latest) {
  const std::uint64_t last = disk_->operations() + operation;
  disk_->set_observer([last](std::uint64_t now) {
    if (now >= last) {
      throw ProcessEnded{{.code = power_cut}};
    }
  });
  site_.timeline.in(latest, [this, generation = generation_] {
    if (agent_ && generation == generation_) {
      end(Death::power, seconds(5));
    }
  });
}

void AgentNode::begin_rekey() {
  guarded([this] {
    if (const Status begun = agent_->begin_rekey(); !begun) {
      throw ProcessEnded{begun.error()};
    }
  });
  pump();
}

void AgentNode::repeat_events() {
  wire_->repeat_events();
}

void AgentNode::lose_floor() {
  end(Death::kill, seconds(10));
  if (disk_->remove("floor") && disk_->sync_directory()) {
    is_floor_destroyed_ = true;
  }
}

bool AgentNode::may_lose_ledger() const {
  return agent_ && was_enrolled && !is_floor_destroyed_ && agent_->intake().manifest() &&
         !agent_->intake().in_adopt_mode();
}

void AgentNode::damage_ledger() {
  end(Death::kill, seconds(10));
  std::string bytes = read_whole(*disk_, "ledger", ledger_bytes_max).value();
  // In the file's magic or the header of its first record: that is never taken for a torn tail.
  const std::uint64_t at = random_.below(28);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  const auto file = disk_->open("ledger", Disk::Create::no).value();
  if (file->write(at, bytes.substr(at, 1)) && file->sync()) {
    damaged_ = std::move(bytes);
    manifest_ = {};
    outbox_last_ = {};
  }
}

void AgentNode::heal() {
  removal_cut_.reset();
  disk_->set_faults({});
  poison_ = 0;
  clock_.set_wall_jump(milliseconds(0));
}

/// Between the counted attempt and its answer the process ends, as a reader that crashes.
void AgentNode::watch_writes() {
  has_tasted_ = false;
  disk_->set_write_watcher([this](std::string_view bytes) {
    if (poison_ == 0) {
      return;
    }
    if (std::exchange(has_tasted_, false)) {
      --poison_;
      was_poisoned = true;
      throw ProcessEnded{{.code = {"poison"}}};
    }
    has_tasted_ = bytes.find("candidate") != std::string_view::npos;
  });
}

void AgentNode::on_open(Stream& stream, const PublicKey& server_key) {
  if (!agent_ || !wire_->is_current(stream)) {
    return;
  }
  clock_.set(site_.timeline.now());
  guarded([&] {
    if (const Status opened = agent_->on_open(server_key); !opened) {
      throw ProcessEnded{opened.error()};
    }
  });
  pump();
}

void AgentNode::on_bytes(Stream& stream, std::string_view bytes) {
  if (!agent_ || !wire_->is_current(stream)) {
    return;
  }
  clock_.set(site_.timeline.now());
  guarded([&] {
    if (const Status taken = agent_->on_bytes(bytes); !taken) {
      throw ProcessEnded{taken.error()};
    }
  });
  pump();
}

void AgentNode::on_closed(Stream& stream) {
  if (!agent_ || !wire_->is_current(stream)) {
    return;
  }
  clock_.set(site_.timeline.now());
  guarded(
      [&] { agent_->on_closed({.kind = ErrorKind::unavailable, .code = {"connection_lost"}}); });
  pump();
}

void AgentNode::pump() {
  clock_.set(site_.timeline.now());
  const Instant now = clock_.now();
  wake_.reset();
  for (int round = 0; agent_; ++round) {
    runtime_.step(now);
    std::optional<Instant> wake;
    guarded([&] {
      Result<std::optional<Instant>> stepped = agent_->step();
      if (!stepped) {
        throw ProcessEnded{stepped.error()};
      }
      wake = *stepped;
    });
    if (!agent_) {
      break;
    }
    check();
    if (std::exchange(is_removal_begun_, false) && removal_cut_) {
      ++site_.counts["agent.died_in_a_removal"];
      end(*std::exchange(removal_cut_, std::nullopt), seconds(20));
      return;
    }
    const std::optional<Instant> engine = runtime_.step(now);
    if (engine && (!wake || *engine < *wake)) {
      wake = engine;
    }
    if (!wake || *wake > now) {
      if (wake) {
        wake_at(*wake);
      }
      return;
    }
    if (round == rounds_max) {
      throw Broken{"an agent comes to rest", name() + " wants to be woken for ever"};
    }
    if (round > 20) {
      wake_at(now + milliseconds(1));
      return;
    }
  }
}

void AgentNode::wake_at(Instant when) {
  wake_ = when;
  site_.timeline.at(when, [this, when, generation = generation_] {
    if (agent_ && generation == generation_ && wake_ == when) {
      pump();
    }
  });
}

void AgentNode::disturb() {
  for (auto& [name, watched] : stacks_) {
    watched.is_disturbed = true;
  }
}

void AgentNode::check() {
  key_ = agent_->key().public_key;
  if (const Uuid& site = agent_->intake().anchors().site; !site.is_zero()) {
    site_id_ = site;  // Who lost its charter is the same site all the same.
  }
  was_enrolled = was_enrolled || agent_->intake().anchors().charter.has_value();
  check_floor();
  check_manifest();
  check_history(agent_->intake().in_adopt_mode());
  if (runtime_.begun_blindly() != 0) {
    throw Broken{"G3 a failed list is no empty one", name() + " acted on it"};
  }
  note_settled();
  outbox_last_ = agent_->outbox().last();
  for (const auto& [code, count] : agent_->intake().refusals()) {
    std::uint64_t& seen = refusals_seen_[std::string(code)];
    if (count > seen) {
      site_.counts["refusal." + std::string(code)] += count - seen;
      site_.timeline.trace(code, index_);
    }
    seen = count;
  }
}

/// G4: what was accepted never goes down, and one number means one manifest.
void AgentNode::check_floor() {
  const trust::Floor& floor = agent_->intake().anchors().floor;
  if (agent_->intake().in_adopt_mode()) {
    if (!is_floor_destroyed_) {
      throw Broken{"G11 the floor survives", name() + " is in adopt mode for no reason"};
    }
    return;
  }
  if (floor.number < floor_) {
    throw Broken{"G4 the floor never goes down",
                 name() + " went from " + std::to_string(floor_.term) + "." +
                     std::to_string(floor_.seq) + " to " + std::to_string(floor.number.term) + "." +
                     std::to_string(floor.number.seq)};
  }
  if (floor.number == floor_ && floor.digest != floor_digest_ && !floor_digest_.is_zero()) {
    throw Broken{"G4 one number is one manifest", name()};
  }
  if (floor.number > floor_) {
    is_floor_destroyed_ = false;
    site_.timeline.trace("floor", floor.number.seq);
  }
  floor_ = floor.number;
  floor_digest_ = floor.digest;
}

/// G2: what is desired here is exactly one manifest that the planner signed for this site.
void AgentNode::check_manifest() {
  const auto& manifest = agent_->intake().manifest();
  const Digest& digest = agent_->intake().manifest_digest();
  if (!manifest || digest == manifest_) {
    return;
  }
  const auto found = issued.find(digest);
  if (found == issued.end() || found->second != *manifest) {
    throw Broken{"G2 a manifest is taken whole or not at all",
                 name() + " holds one that its planner never signed"};
  }
  manifest_ = digest;
  check_durable();
  for (const document::StackAssignment& stack : manifest->stacks) {
    stacks_.try_emplace(stack.name);
  }
  for (auto& [stack, watched] : stacks_) {
    document::StackAssignment told = assignment_of(*manifest, stack);
    watched.is_changed = watched.is_changed || watched.told != told;
    watched.told = std::move(told);
  }
}

/// G11: what is acted on is what a power cut at this moment would leave.
void AgentNode::check_durable() {
  const agent::Ledger& ledger = agent_->ledger();
  const auto held = ledger.get<agent::Held>(agent::key::manifest);
  const bool is_held = held && *held && (*held)->digest == manifest_ &&
                       ledger.floor().number >= agent_->intake().anchors().floor.number;
  if (!is_held || !disk_->is_durable("ledger") || !disk_->is_durable("floor")) {
    throw Broken{"G11 what is acted on is durable", name()};
  }
}

/// G3: nothing is stopped but what a manifest changed or a fault touched.
void AgentNode::check_history(bool is_adopting) {
  const bool has_forgotten = agent_ && damaged_ && !agent_->intake().manifest();
  const std::vector<std::string>& history = runtime_.history();
  for (; history_seen_ < history.size(); ++history_seen_) {
    const std::string& deed = history[history_seen_];
    site_.timeline.trace(deed, index_);
    const std::size_t space = deed.find(' ');
    const std::string stack = deed.substr(space + 1, deed.find('/', space) - space - 1);
    if (is_adopting) {
      throw Broken{"G11 adopt mode touches nothing", name() + ": " + deed};
    }
    if (has_forgotten) {
      throw Broken{"G11 a site that lost its ledger touches nothing", name() + ": " + deed};
    }
    const auto watched = stacks_.find(stack);
    const bool may_stop =
        watched != stacks_.end() && (watched->second.is_changed || watched->second.is_disturbed);
    if ((deed.starts_with("stop_") || deed.starts_with("remove_")) && !may_stop) {
      throw Broken{"G3 nothing is removed by accident", name() + ": " + deed};
    }
    const bool is_removal =
        watched != stacks_.end() && watched->second.told && watched->second.told->name.empty();
    is_removal_begun_ = is_removal_begun_ || (is_removal && is_half_removed(stack));
  }
}

bool AgentNode::is_half_removed(const std::string& stack) const {
  const auto is_of_stack = [&](const auto& each) { return each.stack == stack; };
  return std::ranges::any_of(runtime_.observed().containers, is_of_stack) ||
         std::ranges::any_of(runtime_.observed().networks, is_of_stack);
}

void AgentNode::note_settled() {
  const auto report = agent_->report();
  if (!runtime_.observed().complete) {
    return;
  }
  for (auto& [name, watched] : stacks_) {
    if (!watched.is_changed && !watched.is_disturbed) {
      continue;
    }
    const auto status = std::ranges::find(report.stacks, name, &document::StackStatus::name);
    // A deed under way may still make something that has to be taken away again.
    const auto site = agent_->ledger().get<agent::SiteRecord>(agent::key::site);
    const bool is_being_removed =
        site && *site && std::ranges::find((*site)->removals, name) != (*site)->removals.end();
    const bool is_gone =
        !is_being_removed && status == report.stacks.end() && watched.told &&
        watched.told->name.empty() &&
        std::ranges::none_of(runtime_.observed().containers,
                             [&](const auto& container) { return container.stack == name; }) &&
        std::ranges::none_of(runtime_.observed().networks,
                             [&](const auto& network) { return network.stack == name; });
    const bool is_drifted = std::ranges::any_of(
        report.drift, [&](const document::Drift& drift) { return drift.stack == name; });
    const auto record = agent_->ledger().get<agent::StackRecord>(agent::key::stack(name));
    const bool is_good = record && *record && (*record)->good && !(*record)->applying &&
                         watched.told &&
                         (*record)->good->revision.release == watched.told->release &&
                         (*record)->good->revision.slot_values == watched.told->slot_values;
    const bool is_well = status != report.stacks.end() && is_good && !is_drifted &&
                         status->state == document::WorkloadState::healthy &&
                         has_only(runtime_.observed(), *status);
    if (is_gone || is_well) {
      watched.is_changed = false;
      watched.is_disturbed = false;
    }
  }
}

/// G11: only a fault damages a ledger, and then its bytes are kept for people.
void AgentNode::check_kept_aside() {
  const Result<std::string> aside = read_whole(*disk_, "ledger.damaged", ledger_bytes_max);
  if (aside && !damaged_) {
    throw Broken{"G11 a power cut damages no ledger", name()};
  }
  if (damaged_ && (!aside || *aside != *damaged_)) {
    throw Broken{"G11 a damaged ledger is kept aside", name()};
  }
  site_.counts["agent.ledger_kept_aside"] += damaged_ ? 1U : 0U;
}

/// G11: what was durable before the process ended is there again.
void AgentNode::check_recovered() {
  refusals_seen_.clear();
  // Where it is empty the server must hold them all, which is checked there.
  if (agent_->outbox().size() > 0 && agent_->outbox().last() < outbox_last_) {
    throw Broken{"G11 an unsent event survives", name()};
  }
  const auto& manifest = agent_->intake().manifest();
  const bool lost = !manifest_.is_zero() && !manifest && !agent_->intake().in_adopt_mode();
  if (lost) {
    throw Broken{"G11 an accepted manifest survives", name()};
  }
}

}  // namespace skerry::sim
