#include "machine_facts.h"

#include <algorithm>

#include <sys/sysinfo.h>
#include <sys/utsname.h>

namespace skerry::agent {
namespace {

/// As images and Go name them, because that is what people select by.
std::string architecture(std::string_view machine) {
  if (machine == "x86_64") {
    return "amd64";
  }
  return machine == "aarch64" ? "arm64" : std::string(machine);
}

}  // namespace

std::string host_name() {
  utsname name{};
  return uname(&name) == 0 && name.nodename[0] != '\0' ? name.nodename : "site";
}

std::vector<document::Fact> machine_facts() {
  std::vector<document::Fact> facts;
  utsname name{};
  if (uname(&name) == 0) {
    facts.push_back({.name = "arch", .value = architecture(name.machine)});
    facts.push_back({.name = "hostname", .value = name.nodename});
    facts.push_back({.name = "kernel", .value = name.release});
    facts.push_back({.name = "os", .value = "linux"});
  }

  struct sysinfo info {};

  if (sysinfo(&info) == 0) {
    const unsigned long long memory =
        static_cast<unsigned long long>(info.totalram) * info.mem_unit;
    facts.push_back({.name = "memory-mib", .value = std::to_string(memory / (1024 * 1024))});
  }
  facts.push_back({.name = "cores", .value = std::to_string(get_nprocs())});
  std::ranges::sort(facts, {}, &document::Fact::name);
  return facts;
}

}  // namespace skerry::agent
