#include "document/workload_check.h"

#include <functional>

#include <gtest/gtest.h>

namespace skerry::document {
namespace {

/// One of everything, all of it right.
Workload whole() {
  Workload workload{.project = "pos"};
  workload.slots = {{.expression = "${SKERRY_SITE_NAME}"}};
  const Text text{.literal = "at ", .holes = {{.offset = 3, .slot = 0}}};
  Service web{.name = "web", .image = "registry.example/web:1"};
  web.command = Words{.words = {{.literal = "/web"}, text}};
  web.environment = {{.name = "STORE", .value = text}};
  web.ports = {{.target = 80, .published = 8080, .protocol = Port::Protocol::tcp}};
  web.mounts = {{.type = Mount::Type::volume, .source = "data", .target = "/data"},
                {.type = Mount::Type::bind, .source = "/srv", .target = "/srv"}};
  web.networks = {{.network = "front"}};
  web.configs = {{.source = "motd", .target = "/etc/motd"}};
  web.healthcheck = Healthcheck{.test = {{.literal = "CMD"}, {.literal = "/check"}}};
  web.depends_on = {{.service = "db", .condition = Dependency::Condition::healthy}};
  web.hostname = text;
  web.logging = Logging{.driver = "local", .options = {{"max-size", "1m"}}};
  workload.services = {{.name = "db", .image = "db"}, web};
  workload.networks = {{.key = "front", .name = "pos_front"}};
  workload.volumes = {{.key = "data", .name = "pos_data"}};
  workload.configs = {{.key = "motd", .content = text}};
  return workload;
}

/// The field of the refusal after a change to `whole()`, or "accepted".
std::string after(const std::function<void(Workload&)>& change) {
  Workload workload = whole();
  change(workload);
  const Status status = check(workload);
  return status ? "accepted" : status.error().field_path;
}

Service& web(Workload& workload) {
  return workload.services[1];
}

TEST(WorkloadCheck, AcceptsAWholeWorkload) {
  EXPECT_EQ(after([](Workload&) {}), "accepted");
}

TEST(WorkloadCheck, NamesAreUnique) {
  EXPECT_EQ(after([](Workload& w) { w.services[0].name = "web"; }), "services");
  EXPECT_EQ(after([](Workload& w) { w.networks.push_back(w.networks[0]); }), "networks");
  EXPECT_EQ(after([](Workload& w) { w.volumes.push_back(w.volumes[0]); }), "volumes");
  EXPECT_EQ(after([](Workload& w) { w.configs.push_back(w.configs[0]); }), "configs");
  EXPECT_EQ(after([](Workload& w) { web(w).environment.push_back(web(w).environment[0]); }),
            "services.web.environment");
  EXPECT_EQ(after([](Workload& w) {
              web(w).logging->options.push_back({"max-size", "2m"});
            }),
            "services.web.logging");
}

TEST(WorkloadCheck, NamesAreProperPartsOfAPath) {
  EXPECT_EQ(after([](Workload& w) { w.project = "../x"; }), "project");
  EXPECT_EQ(after([](Workload& w) { w.project = ""; }), "project");
  EXPECT_EQ(after([](Workload& w) { w.services[0].name = ".."; }), "services");
  EXPECT_EQ(after([](Workload& w) { w.networks[0].key = "a b"; }), "networks");
  EXPECT_EQ(after([](Workload& w) { w.volumes[0].key = std::string(254, 'a'); }), "volumes");
  EXPECT_EQ(after([](Workload& w) { w.networks[0].name.clear(); }), "networks.front");
  EXPECT_EQ(after([](Workload& w) { w.volumes[0].name.clear(); }), "volumes.data");
}

TEST(WorkloadCheck, ReferencesNameSomethingInIt) {
  EXPECT_EQ(after([](Workload& w) { w.volumes.clear(); }), "services.web.mounts");
  EXPECT_EQ(after([](Workload& w) { w.networks.clear(); }), "services.web.networks");
  EXPECT_EQ(after([](Workload& w) { w.configs.clear(); }), "services.web.configs");
  EXPECT_EQ(after([](Workload& w) { web(w).depends_on[0].service = "gone"; }),
            "services.web.depends_on");
  EXPECT_EQ(after([](Workload& w) { web(w).networks.push_back({.network = "front"}); }),
            "services.web.networks");
}

TEST(WorkloadCheck, DependenciesFormNoCycle) {
  const Dependency on_web{.service = "web", .condition = Dependency::Condition::started};
  EXPECT_EQ(after([&](Workload& w) { w.services[0].depends_on = {on_web}; }), "services");
  EXPECT_EQ(after([&](Workload& w) { web(w).depends_on = {on_web}; }), "services");
}

TEST(WorkloadCheck, AnswersForALongChainOfDependencies) {
  Workload workload{.project = "chain"};
  for (std::size_t i = 0; i < services_max; ++i) {
    Service service{.name = "s" + std::to_string(i), .image = "x"};
    if (i > 0) {
      service.depends_on = {
          {.service = "s" + std::to_string(i - 1), .condition = Dependency::Condition::started}};
    }
    workload.services.push_back(std::move(service));
  }
  EXPECT_TRUE(check(workload));
  workload.services.push_back({.name = "one-more", .image = "x"});
  EXPECT_EQ(check(workload).error().code.name, "too_large");
}

TEST(WorkloadCheck, HolesStandInOrderInsideTheirTextAndNameASlot) {
  const auto hole = [](std::vector<Text::Hole> holes) {
    return after([&](Workload& w) { web(w).hostname->holes = holes; });
  };
  EXPECT_EQ(hole({{.offset = 0}, {.offset = 0}, {.offset = 3}}), "accepted");
  EXPECT_EQ(hole({{.offset = 4}}), "services.web.hostname");
  EXPECT_EQ(hole({{.offset = 2}, {.offset = 1}}), "services.web.hostname");
  EXPECT_EQ(hole({{.offset = 0, .slot = 1}}), "services.web.hostname");
}

TEST(WorkloadCheck, HolesAreSeenWhereverATextMayStand) {
  const Text bad{.holes = {{.slot = 9}}};
  EXPECT_EQ(after([&](Workload& w) { web(w).command->words = {bad}; }), "services.web.command");
  EXPECT_EQ(after([&](Workload& w) { web(w).entrypoint = Words{{bad}}; }),
            "services.web.entrypoint");
  EXPECT_EQ(after([&](Workload& w) { web(w).labels = {{"l", bad}}; }), "services.web.labels");
  EXPECT_EQ(after([&](Workload& w) { web(w).environment[0].value = bad; }),
            "services.web.environment");
  EXPECT_EQ(after([&](Workload& w) { web(w).healthcheck->test[1] = bad; }),
            "services.web.healthcheck");
  EXPECT_EQ(after([&](Workload& w) {
              w.networks[0].labels = {{"l", bad}};
            }),
            "networks.front.labels");
  EXPECT_EQ(after([&](Workload& w) { w.volumes[0].labels = {{"l", bad}}; }), "volumes.data.labels");
  EXPECT_EQ(after([&](Workload& w) { w.configs[0].content = bad; }), "configs.motd");
}

TEST(WorkloadCheck, WordsSaySomething) {
  EXPECT_EQ(after([](Workload& w) { web(w).image.clear(); }), "services.web.image");
  EXPECT_EQ(after([](Workload& w) { web(w).ports[0].target = 0; }), "services.web.ports");
  EXPECT_EQ(after([](Workload& w) { web(w).ports[0].published = 65'536; }), "services.web.ports");
  EXPECT_EQ(after([](Workload& w) { web(w).ports[0].protocol = {}; }), "services.web.ports");
  EXPECT_EQ(after([](Workload& w) { web(w).mounts[0].type = {}; }), "services.web.mounts");
  EXPECT_EQ(after([](Workload& w) { web(w).mounts[1].source = "srv"; }), "services.web.mounts");
  EXPECT_EQ(after([](Workload& w) { web(w).mounts[1].target.clear(); }), "services.web.mounts");
  EXPECT_EQ(after([](Workload& w) { web(w).depends_on[0].condition = {}; }),
            "services.web.depends_on");
}

}  // namespace
}  // namespace skerry::document
