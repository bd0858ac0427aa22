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

BENCHMARK(compile_file)->Arg(1)->Arg(50)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skerry::compose
