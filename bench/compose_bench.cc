#include <string>

#include <benchmark/benchmark.h>

#include "compose/compile.h"
#include "document/codec.h"

namespace skerry::compose {
namespace {

/// A file as people write them: every service has what most services have. A file may have 100
/// aliases, so not all of them merge.
std::string file_of(int services) {
  std::string text =
      "x-base: &base\n  restart: always\n  logging: {driver: json-file}\nservices:\n";
  for (int i = 0; i < services; ++i) {
    const std::string n = std::to_string(i);
    text += "  service-" + n + ":\n" + (i < 90 ? "    <<: *base\n" : "") +
            "    image: registry.example/team/app-" + n +
            ":${TAG:-1.4}\n    command: [serve, --port, \"80\"]\n    environment:\n      STORE: "
            "${SKERRY_SITE_NAME}\n      LEVEL: ${LEVEL}\n      MODE: production\n    ports: "
            "[\"127.0.0.1:" +
            std::to_string(10'000 + i) + ":80\"]\n    volumes: [\"data-" + n +
            ":/data\", /etc/localtime:/etc/localtime:ro]\n    networks: [front, back]\n    "
            "healthcheck: {test: [CMD, /check], interval: 10s}\n    mem_limit: 64m\n    labels: "
            "[team=retail, tier=" +
            n + "]\n";
    text += i == 0 ? "" : "    depends_on: [service-" + std::to_string(i - 1) + "]\n";
  }
  text += "networks: {front: , back: {internal: true}}\nvolumes:\n";
  for (int i = 0; i < services; ++i) {
    text += "  data-" + std::to_string(i) + ":\n";
  }
  return text;
}

/// The promise is 20 ms for 200 services.
void compile_file(benchmark::State& state) {
  const std::string text = file_of(static_cast<int>(state.range(0)));
  const CompileInput input{
      .text = text, .stack = "shop", .variables = {{.name = "LEVEL", .value = "1"}}};
  std::size_t bytes = 0;
  for (auto _ : state) {
    const CompileOutput output = compile(input);
    if (!output.workload) {
      state.SkipWithError(output.errors[0].message.c_str());
      break;
    }
    bytes = document::encode(*output.workload).size();
  }
  state.counters["text_bytes"] = static_cast<double>(text.size());
  state.counters["workload_bytes"] = static_cast<double>(bytes);
}

/// "PREFIX00017SUFFIX", one for each number from 0 to `count`, or from there down.
std::string many(int count,
                 const std::string& prefix,
                 const std::string& suffix,
                 bool down = false) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string digits = std::to_string(100'000 + (down ? count - 1 - i : i)).substr(1);
    text.append(prefix).append(digits).append(suffix);
  }
  return text;
}

/// Each of `count` services waits for all before it.
std::string dense_dependencies(int count) {
  std::string text = "services:\n";
  for (int i = 0; i < count; ++i) {
    text += "  s" + std::to_string(100'000 + i).substr(1) + ": {image: a, depends_on: [" +
            many(i, "s", ",") + "]}\n";
  }
  return text;
}

/// A few services wait for all others, which they name in the wrong order.
std::string reversed_dependencies(int count, int waiters) {
  return "services:\n" + many(count, "  s", ": {image: a}\n") +
         many(waiters, "  w", ": {image: a, depends_on: [" + many(count, "s", ",", true) + "]}\n");
}

const std::string one_service = "services:\n  a:\n    image: app\n";

/// What a stranger may send within 1 MiB and 100,000 values. The promise is 100 ms for each.
std::string hostile_file(int shape) {
  switch (shape) {
    case 0:
      return dense_dependencies(400);
    case 1:
      return reversed_dependencies(12'000, 4);
    case 2:
      return one_service + "    volumes:\n" + many(75'000, "    - /", "\n", true);
    case 3:
      return one_service + "    depends_on: [" + many(40'000, "x", ",") + "]\n" +
             many(12'000, "  s", ": {image: a}\n");
    case 4:
      return one_service + "    networks: [" + many(45'000, "n", ",", true) + "]\nnetworks:\n" +
             many(25'000, "  n", ":\n");
    case 5:
      return one_service + "    cap_add: [" + many(90'000, "C", ",") + "]\n";
    case 6:
      return one_service + "    environment:\n" + many(45'000, "      V", ": 1\n", true);
    case 7:
      return "services:\n" + many(24'000, "  s", ": {image: a}\n", true);
    case 8:
      return one_service + many(45'000, "    f", ": 1\n");
    default:
      return one_service + "    command:\n" + many(50'000, "    - ${A:-", "}\n");
  }
}

void compile_hostile_file(benchmark::State& state) {
  const std::string text = hostile_file(static_cast<int>(state.range(0)));
  const CompileInput input{.text = text, .stack = "shop"};
  for (auto _ : state) {
    const CompileOutput output = compile(input);
    benchmark::DoNotOptimize(output);
    state.SetLabel(output.errors.empty() ? "a workload" : output.errors[0].message);
  }
  state.counters["text_bytes"] = static_cast<double>(text.size());
}

BENCHMARK(compile_hostile_file)->DenseRange(0, 9)->Unit(benchmark::kMillisecond);
BENCHMARK(compile_file)->Arg(1)->Arg(50)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skerry::compose
