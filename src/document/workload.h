#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document/fields.h"

/// A compiled Compose file: values with invariants, neutral of the runtime. Lists keep the order of
/// the file where order matters (command) and are sorted by name where it does not, so that equal
/// files give equal bytes.
namespace skerry::document {

/// A string in which some places are filled in per site.
struct Text {
  struct Hole {
    /// Where in `literal` the value goes, in bytes; ascending.
    std::uint32_t offset = 0;
    /// Index into the workload's slots.
    std::uint32_t slot = 0;

    friend bool operator==(const Hole&, const Hole&) = default;
    static constexpr std::string_view type_name = "Text.Hole";

    template <class Self, class Visit>
    static void fields(Self& self, Visit&& visit) {
      visit(1, "offset", self.offset);
      visit(2, "slot", self.slot);
    }
  };

  std::string literal = {};
  std::vector<Hole> holes = {};

  friend bool operator==(const Text&, const Text&) = default;
  static constexpr std::string_view type_name = "Text";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "literal", self.literal);
    visit(2, "holes", self.holes);
  }
};

/// A place that is filled per site: the whole `${…}` expression, evaluated by the server when it
/// plans for a site.
struct Slot {
  std::string expression = {};

  friend bool operator==(const Slot&, const Slot&) = default;
  static constexpr std::string_view type_name = "Slot";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "expression", self.expression);
  }
};

/// A name with a fixed value: driver options, logging options.
struct Option {
  std::string name = {};
  std::string value = {};

  friend bool operator==(const Option&, const Option&) = default;
  static constexpr std::string_view type_name = "Option";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "value", self.value);
  }
};

/// A name with a value that may differ by site: environment, labels.
struct Variable {
  std::string name = {};
  Text value = {};

  friend bool operator==(const Variable&, const Variable&) = default;
  static constexpr std::string_view type_name = "Variable";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "value", self.value);
  }
};

/// A command line. An empty one that is present clears the image's own.
struct Words {
  std::vector<Text> words = {};

  friend bool operator==(const Words&, const Words&) = default;
  static constexpr std::string_view type_name = "Words";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "words", self.words);
  }
};

struct Port {
  enum class Protocol : std::uint8_t {
    unspecified = 0,
    tcp = 1,
    udp = 2,
    sctp = 3,
    known_max = sctp,
  };

  /// Inside the container, 1 to 65535.
  std::uint32_t target = 0;
  /// On the host; 0 lets the runtime choose.
  std::uint32_t published = 0;
  Protocol protocol = Protocol::unspecified;
  /// The host address to listen on; empty means all.
  std::string host_ip = {};

  friend bool operator==(const Port&, const Port&) = default;
  static constexpr std::string_view type_name = "Port";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "target", self.target);
    visit(2, "published", self.published);
    visit(3, "protocol", self.protocol);
    visit(4, "host_ip", self.host_ip);
  }
};

struct Mount {
  enum class Type : std::uint8_t {
    unspecified = 0,
    volume = 1,
    bind = 2,
    tmpfs = 3,
    known_max = tmpfs,
  };

  Type type = Type::unspecified;
  /// The key of a volume of this workload, empty for an anonymous one; or a host path.
  std::string source = {};
  std::string target = {};
  bool read_only = false;
  /// bind: make the host directory where it is missing.
  bool create_host_path = false;
  /// bind: rprivate, rshared, …; empty is the runtime's default.
  std::string propagation = {};
  /// volume: do not copy the image's content into a new volume.
  bool no_copy = false;
  /// tmpfs: 0 is the runtime's default.
  std::uint64_t tmpfs_size_bytes = 0;
  std::uint32_t tmpfs_mode = 0;

  friend bool operator==(const Mount&, const Mount&) = default;
  static constexpr std::string_view type_name = "Mount";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "type", self.type);
    visit(2, "source", self.source);
    visit(3, "target", self.target);
    visit(4, "read_only", self.read_only);
    visit(5, "create_host_path", self.create_host_path);
    visit(6, "propagation", self.propagation);
    visit(7, "no_copy", self.no_copy);
    visit(8, "tmpfs_size_bytes", self.tmpfs_size_bytes);
    visit(9, "tmpfs_mode", self.tmpfs_mode);
  }
};

/// A service's place on one network.
struct Attachment {
  /// The key of a network of this workload.
  std::string network = {};
  std::vector<std::string> aliases = {};
  std::string ipv4_address = {};
  std::string ipv6_address = {};

  friend bool operator==(const Attachment&, const Attachment&) = default;
  static constexpr std::string_view type_name = "Attachment";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "network", self.network);
    visit(2, "aliases", self.aliases);
    visit(3, "ipv4_address", self.ipv4_address);
    visit(4, "ipv6_address", self.ipv6_address);
  }
};

/// Durations of 0 leave the runtime's default.
struct Healthcheck {
  /// As the Engine API takes it: {"CMD", …}, {"CMD-SHELL", line} or {"NONE"}; empty inherits the
  /// image's.
  std::vector<Text> test = {};
  std::uint64_t interval_ms = 0;
  std::uint64_t timeout_ms = 0;
  std::uint64_t start_period_ms = 0;
  std::uint32_t retries = 0;

  friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
  static constexpr std::string_view type_name = "Healthcheck";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "test", self.test);
    visit(2, "interval_ms", self.interval_ms);
    visit(3, "timeout_ms", self.timeout_ms);
    visit(4, "start_period_ms", self.start_period_ms);
    visit(5, "retries", self.retries);
  }
};

struct Dependency {
  enum class Condition : std::uint8_t {
    unspecified = 0,
    started = 1,
    healthy = 2,
    completed_successfully = 3,
    known_max = completed_successfully,
  };

  std::string service = {};
  Condition condition = Condition::unspecified;
  /// Restart this service when that one is restarted by an update.
  bool restart = false;
  /// Where false, a missing or failing dependency only warns.
  bool required = false;

  friend bool operator==(const Dependency&, const Dependency&) = default;
  static constexpr std::string_view type_name = "Dependency";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "service", self.service);
    visit(2, "condition", self.condition);
    visit(3, "restart", self.restart);
    visit(4, "required", self.required);
  }
};

/// A limit or reservation of 0 means none.
struct Resources {
  std::uint64_t cpu_limit_nanos = 0;
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t pids_limit = 0;
  std::uint64_t memory_reservation_bytes = 0;

  friend bool operator==(const Resources&, const Resources&) = default;
  static constexpr std::string_view type_name = "Resources";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "cpu_limit_nanos", self.cpu_limit_nanos);
    visit(2, "memory_limit_bytes", self.memory_limit_bytes);
    visit(3, "pids_limit", self.pids_limit);
    visit(4, "memory_reservation_bytes", self.memory_reservation_bytes);
  }
};

/// A config of the workload as a file in the container.
struct ConfigMount {
  /// The key of a config of this workload.
  std::string source = {};
  std::string target = {};
  std::string uid = {};
  std::string gid = {};
  /// Permission bits; 0 means 0444.
  std::uint32_t mode = 0;

  friend bool operator==(const ConfigMount&, const ConfigMount&) = default;
  static constexpr std::string_view type_name = "ConfigMount";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "source", self.source);
    visit(2, "target", self.target);
    visit(3, "uid", self.uid);
    visit(4, "gid", self.gid);
    visit(5, "mode", self.mode);
  }
};

struct Logging {
  std::string driver = {};
  std::vector<Option> options = {};

  friend bool operator==(const Logging&, const Logging&) = default;
  static constexpr std::string_view type_name = "Logging";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "driver", self.driver);
    visit(2, "options", self.options);
  }
};

struct Service {
  /// What the file says under `restart:`. Where it says nothing the agent keeps the service
  /// running.
  enum class Restart : std::uint8_t {
    unspecified = 0,  // Absent: the agent restarts it, with back-off.
    no = 1,
    on_failure = 2,
    always = 3,
    unless_stopped = 4,
    known_max = unless_stopped,
  };

  /// `init:`; absent leaves the runtime's default.
  enum class Init : std::uint8_t { unspecified = 0, off = 1, on = 2, known_max = on };

  std::string name = {};
  std::string image = {};
  std::optional<Words> entrypoint = {};
  std::optional<Words> command = {};
  std::vector<Variable> environment = {};
  std::vector<Variable> labels = {};
  std::vector<Port> ports = {};
  std::vector<Mount> mounts = {};
  std::vector<Attachment> networks = {};
  std::vector<ConfigMount> configs = {};
  std::optional<Healthcheck> healthcheck = {};
  Restart restart = Restart::unspecified;
  /// on_failure: 0 means without limit.
  std::uint32_t restart_retries_max = 0;
  std::vector<Dependency> depends_on = {};
  /// Others wait for it to complete, so exit 0 is where it is meant to end.
  bool one_shot = false;
  std::string user = {};
  std::string working_dir = {};
  std::optional<Text> hostname = {};
  std::vector<std::string> cap_add = {};
  std::vector<std::string> cap_drop = {};
  bool privileged = false;
  bool read_only = false;
  std::optional<Logging> logging = {};
  Resources resources = {};
  /// 0 leaves the runtime's default of 10 s.
  std::uint64_t stop_grace_period_ms = 0;
  std::string stop_signal = {};
  Init init = Init::unspecified;
  /// "name:address"
  std::vector<std::string> extra_hosts = {};

  friend bool operator==(const Service&, const Service&) = default;
  static constexpr std::string_view type_name = "Service";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "name", self.name);
    visit(2, "image", self.image);
    visit(3, "entrypoint", self.entrypoint);
    visit(4, "command", self.command);
    visit(5, "environment", self.environment);
    visit(6, "labels", self.labels);
    visit(7, "ports", self.ports);
    visit(8, "mounts", self.mounts);
    visit(9, "networks", self.networks);
    visit(10, "configs", self.configs);
    visit(11, "healthcheck", self.healthcheck);
    visit(12, "restart", self.restart);
    visit(13, "restart_retries_max", self.restart_retries_max);
    visit(14, "depends_on", self.depends_on);
    visit(15, "one_shot", self.one_shot);
    visit(16, "user", self.user);
    visit(17, "working_dir", self.working_dir);
    visit(18, "hostname", self.hostname);
    visit(19, "cap_add", self.cap_add);
    visit(20, "cap_drop", self.cap_drop);
    visit(21, "privileged", self.privileged);
    visit(22, "read_only", self.read_only);
    visit(23, "logging", self.logging);
    visit(24, "resources", self.resources);
    visit(25, "stop_grace_period_ms", self.stop_grace_period_ms);
    visit(26, "stop_signal", self.stop_signal);
    visit(27, "init", self.init);
    visit(28, "extra_hosts", self.extra_hosts);
  }
};

struct Network {
  std::string key = {};
  /// The name at the runtime: "<project>_<key>", or what the file says.
  std::string name = {};
  /// Exists already and is not ours to make or remove.
  bool external = false;
  std::string driver = {};
  std::vector<Option> driver_options = {};
  bool internal = false;
  bool attachable = false;
  bool enable_ipv6 = false;
  std::vector<Variable> labels = {};

  friend bool operator==(const Network&, const Network&) = default;
  static constexpr std::string_view type_name = "Network";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "key", self.key);
    visit(2, "name", self.name);
    visit(3, "external", self.external);
    visit(4, "driver", self.driver);
    visit(5, "driver_options", self.driver_options);
    visit(6, "internal", self.internal);
    visit(7, "attachable", self.attachable);
    visit(8, "enable_ipv6", self.enable_ipv6);
    visit(9, "labels", self.labels);
  }
};

struct Volume {
  std::string key = {};
  std::string name = {};
  bool external = false;
  std::string driver = {};
  std::vector<Option> driver_options = {};
  std::vector<Variable> labels = {};

  friend bool operator==(const Volume&, const Volume&) = default;
  static constexpr std::string_view type_name = "Volume";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "key", self.key);
    visit(2, "name", self.name);
    visit(3, "external", self.external);
    visit(4, "driver", self.driver);
    visit(5, "driver_options", self.driver_options);
    visit(6, "labels", self.labels);
  }
};

/// An inline config; its content is part of the release.
struct Config {
  std::string key = {};
  Text content = {};

  friend bool operator==(const Config&, const Config&) = default;
  static constexpr std::string_view type_name = "Config";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "key", self.key);
    visit(2, "content", self.content);
  }
};

/// One application, compiled. Invariants, held by whoever makes one and checked by `judge`: keys
/// and names are unique, every reference names something here, dependencies form no cycle, every
/// hole names a slot.
struct Workload {
  /// The prefix of everything it makes at the runtime.
  std::string project = {};
  std::vector<Service> services = {};
  std::vector<Network> networks = {};
  std::vector<Volume> volumes = {};
  std::vector<Config> configs = {};
  std::vector<Slot> slots = {};

  friend bool operator==(const Workload&, const Workload&) = default;
  static constexpr std::string_view type_name = "Workload";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "project", self.project);
    visit(2, "services", self.services);
    visit(3, "networks", self.networks);
    visit(4, "volumes", self.volumes);
    visit(5, "configs", self.configs);
    visit(6, "slots", self.slots);
  }
};

/// One revision of a stack, compiled once and never again for equal inputs.
struct Release {
  std::string stack = {};
  Workload workload = {};

  friend bool operator==(const Release&, const Release&) = default;
  static constexpr std::string_view type_name = "Release";

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(1, "stack", self.stack);
    visit(2, "workload", self.workload);
  }
};

}  // namespace skerry::document
