// The documents' own codec beside the protobuf runtime, on the same bytes. A reader that must
// refuse unknown fields and second encodings can get that from protobuf only by encoding again and
// comparing, so that is measured too.
#include <benchmark/benchmark.h>

#include "document/codec.h"
#include "document/manifest.h"
#include "document/workload.h"
#include "skerry/doc/v1/manifest.pb.h"
#include "skerry/doc/v1/workload.pb.h"

namespace skerry::document {
namespace {

namespace proto = skerry::doc::v1;

/// A site with fifty stacks of four slots.
Manifest big_manifest() {
  Manifest manifest{.stale_after_s = 300, .capabilities = {"docker"}};
  for (int i = 0; i < 50; ++i) {
    manifest.stacks.push_back({.name = "stack-" + std::to_string(i),
                               .slot_values = {"store-0417", "eu-west", "12", "blue"},
                               .drift = DriftMode::enforce});
    manifest.stacks.back().release.bytes.fill(static_cast<std::uint8_t>(i + 1));
  }
  return manifest;
}

/// A Compose file with twenty services, each with ten variables, two ports and a health check.
Release big_release() {
  Release release{.stack = "shop", .workload = {.project = "shop"}};
  for (int i = 0; i < 20; ++i) {
    Service service{.name = "service-" + std::to_string(i), .image = "registry.example/shop:1"};
    for (int v = 0; v < 10; ++v) {
      service.environment.push_back(
          {.name = "NAME_" + std::to_string(v), .value = {.literal = "a value of some length"}});
    }
    service.ports = {{.target = 80, .published = 8080}, {.target = 443, .published = 8443}};
    service.healthcheck = Healthcheck{.test = {{.literal = "CMD"}, {.literal = "/bin/health"}},
                                      .interval_ms = 10'000};
    release.workload.services.push_back(std::move(service));
  }
  return release;
}

template <class T>
struct ProtoOf;

template <>
struct ProtoOf<Manifest> {
  using type = proto::Manifest;
};

template <>
struct ProtoOf<Release> {
  using type = proto::Release;
};

template <class T>
void report_bytes(benchmark::State& state, const T& value) {
  const auto bytes = static_cast<std::int64_t>(encode(value).size());
  state.SetBytesProcessed(state.iterations() * bytes);
  state.counters["document_bytes"] = static_cast<double>(bytes);
}

template <class T>
void own_encode(benchmark::State& state, const T& value) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode(value));
  }
  report_bytes(state, value);
}

template <class T>
void own_strict_decode(benchmark::State& state, const T& value) {
  const std::string bytes = encode(value);
  for (auto _ : state) {
    const Result<T> result = decode<T>(bytes);
    if (!result) {
      state.SkipWithError("refused");
      break;
    }
    benchmark::DoNotOptimize(result);
  }
  report_bytes(state, value);
}

template <class T>
void protobuf_encode(benchmark::State& state, const T& value) {
  typename ProtoOf<T>::type message;
  if (!message.ParseFromString(encode(value))) {
    state.SkipWithError("refused");
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(message.SerializeAsString());
  }
  report_bytes(state, value);
}

template <class T>
void protobuf_decode(benchmark::State& state, const T& value) {
  const std::string bytes = encode(value);
  for (auto _ : state) {
    typename ProtoOf<T>::type message;
    benchmark::DoNotOptimize(message.ParseFromString(bytes));
  }
  report_bytes(state, value);
}

template <class T>
void protobuf_decode_and_compare(benchmark::State& state, const T& value) {
  const std::string bytes = encode(value);
  for (auto _ : state) {
    typename ProtoOf<T>::type message;
    const bool equal = message.ParseFromString(bytes) && message.SerializeAsString() == bytes;
    if (!equal) {
      state.SkipWithError("not the same bytes");
      break;
    }
    benchmark::DoNotOptimize(message);
  }
  report_bytes(state, value);
}

BENCHMARK_CAPTURE(own_encode, manifest, big_manifest());
BENCHMARK_CAPTURE(protobuf_encode, manifest, big_manifest());
BENCHMARK_CAPTURE(own_strict_decode, manifest, big_manifest());
BENCHMARK_CAPTURE(protobuf_decode, manifest, big_manifest());
BENCHMARK_CAPTURE(protobuf_decode_and_compare, manifest, big_manifest());
BENCHMARK_CAPTURE(own_encode, release, big_release());
BENCHMARK_CAPTURE(protobuf_encode, release, big_release());
BENCHMARK_CAPTURE(own_strict_decode, release, big_release());
BENCHMARK_CAPTURE(protobuf_decode, release, big_release());
BENCHMARK_CAPTURE(protobuf_decode_and_compare, release, big_release());

}  // namespace
}  // namespace skerry::document
