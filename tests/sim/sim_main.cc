#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/simulation.h"
#include "trust/codes.h"

namespace skerry::sim {
namespace {

struct Flags {
  std::uint64_t first = 1;
  std::uint64_t seeds = 1;
  std::size_t agents = 0;
  bool is_calm = false;
  bool is_loud = false;
  /// Every fault and every refusal code must have been hit.
  bool needs_all = false;
  /// Ends with the first seed that breaks a promise.
  bool ends_when_broken = false;
  /// A file of seeds to run first.
  std::string regressions = {};
};

Options options_of(const Flags& flags, std::uint64_t seed) {
  // One seed in twenty, and none of those that are run twice.
  return {.seed = seed,
          .agents = flags.agents,
          .has_real_crypto = seed % 20 == 7,
          .is_calm = flags.is_calm,
          .is_loud = flags.is_loud};
}

/// Runs one seed; false where a promise was broken.
bool run_seed(const Flags& flags, std::uint64_t seed, Counts& counts) {
  const Options options = options_of(flags, seed);
  Simulation simulation(options);
  try {
    const Outcome outcome = simulation.run();
    for (const auto& [name, count] : outcome.counts) {
      auto& sum = counts[name];
      sum = name.starts_with("longest.") ? std::max(sum, count) : sum + count;
    }
    counts["steps"] += outcome.steps;
    counts["simulated_minutes"] += static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::minutes>(outcome.simulated).count());
    if (seed % 50 == 0 && Simulation(options).run().trace != outcome.trace) {
      std::printf("seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
      return false;
    }
    return true;
  } catch (const Broken& broken) {
    std::printf("seed %llu BROKEN: %s: %s\n  faults: %s\n",
                static_cast<unsigned long long>(seed),
                broken.promise.c_str(),
                broken.what.c_str(),
                simulation.describe().c_str());
    return false;
  }
}

bool has_all(const Counts& counts) {
  bool all = true;
  const auto need = [&](const std::string& name) {
    if (!counts.contains(name)) {
      std::printf("never hit: %s\n", name.c_str());
      all = false;
    }
  };
  for (const ErrorCode& code : trust::refusal::all) {
    need("refusal." + std::string(code.name));
  }
  for (const std::string& name : fault_names()) {
    need("fault." + name);
  }
  // Of faults that wait for their moment.
  need("agent.ledger_kept_aside");
  need("agent.died_in_a_removal");
  return all;
}

/// The seeds at the beginning of each line; "#" begins a comment.
std::vector<std::uint64_t> regressions(const std::string& path) {
  std::vector<std::uint64_t> seeds;
  std::FILE* file = path.empty() ? nullptr : std::fopen(path.c_str(), "r");
  if (file == nullptr) {
    return seeds;
  }
  std::array<char, 256> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), file) != nullptr) {
    if (const std::uint64_t seed = std::strtoull(line.data(), nullptr, 10); seed != 0) {
      seeds.push_back(seed);
    }
  }
  std::fclose(file);
  return seeds;
}

int run(const Flags& flags) {
  const auto begin = std::chrono::steady_clock::now();
  Counts counts;
  std::uint64_t broken = 0;
  std::vector<std::uint64_t> seeds = regressions(flags.regressions);
  for (std::uint64_t seed = flags.first; seed < flags.first + flags.seeds; ++seed) {
    seeds.push_back(seed);
  }
  std::printf("seeds %llu to %llu\n",
              static_cast<unsigned long long>(flags.first),
              static_cast<unsigned long long>(flags.first + flags.seeds - 1));
  for (const std::uint64_t seed : seeds) {
    std::printf("seed %llu\r", static_cast<unsigned long long>(seed));
    std::fflush(stdout);  // It stands there also where the process does not survive it.
    broken += run_seed(flags, seed, counts) ? 0U : 1U;
    if (broken != 0 && flags.ends_when_broken) {
      return 1;
    }
  }
  for (const auto& [name, count] : counts) {
    std::printf("%-40s %llu\n", name.c_str(), static_cast<unsigned long long>(count));
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu broken, %.1f s\n",
              static_cast<unsigned long long>(broken),
              std::chrono::duration<double>(took).count());
  const bool all = !flags.needs_all || has_all(counts);
  return broken == 0 && all ? 0 : 1;
}

}  // namespace
}  // namespace skerry::sim

int main(int argc, char** argv) {
  skerry::sim::Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0ULL; };
    if (flag == "--seed" || flag == "--first") {
      flags.first = number();
    } else if (flag == "--seeds") {
      flags.seeds = number();
    } else if (flag == "--agents") {
      flags.agents = number();
    } else if (flag == "--calm") {
      flags.is_calm = true;
    } else if (flag == "--regressions" && i + 1 < argc) {
      flags.regressions = argv[++i];
    } else if (flag == "--loud") {
      flags.is_loud = true;
    } else if (flag == "--until-broken") {
      flags.ends_when_broken = true;
    } else if (flag == "--all") {
      flags.needs_all = true;
    } else {
      std::fprintf(stderr,
                   "usage: sim_main [--seed N | --first N --seeds N] [--agents N] [--calm]\n"
                   "                [--loud] [--all] [--until-broken] [--regressions FILE]\n");
      return 2;
    }
  }
  return skerry::sim::run(flags);
}
