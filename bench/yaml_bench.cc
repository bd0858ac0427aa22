// Reading users' files into nodes with positions: a Compose file of 200 services, as plain YAML.
#include <benchmark/benchmark.h>

#include "resource/yaml.h"

namespace skerry::resource {
namespace {

std::string compose_file(int services) {
  std::string text = "services:\n";
  for (int i = 0; i < services; ++i) {
    const std::string n = std::to_string(i);
    text += "  svc" + n + ":\n    image: registry.example/team/service-" + n + ":1\n" +
            "    command: [\"/bin/serve\", \"--name\", \"svc" + n + "\"]\n" +
            "    environment:\n      STORE: \"${SKERRY_SITE_NAME}\"\n      LOG_LEVEL: info\n" +
            "    ports: [\"8000:" + std::to_string(8000 + i) + "\"]\n" +
            "    volumes:\n      - data" + n + ":/var/lib/data\n" +
            "    healthcheck: {test: [CMD, /bin/health], interval: 10s, retries: 3}\n" +
            "    restart: unless-stopped\n    labels:\n      team: retail\n";
  }
  return text;
}

void read_200_services(benchmark::State& state) {
  const std::string text = compose_file(200);
  for (auto _ : state) {
    const Result<Node> root = read_one_yaml(text, {});
    if (!root || root->items.at(0).items.size() != 200) {
      state.SkipWithError("not the file that was written");
      break;
    }
    benchmark::DoNotOptimize(root);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK(read_200_services)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skerry::resource
