#include "policy/policy.h"

#include <gtest/gtest.h>

#include "policy/host_path.h"

namespace skerry::policy {
namespace {

using document::Ceiling;
using document::Mount;
using document::Service;
using document::Volume;
using document::Workload;

Workload with(Service service) {
  Workload workload{.project = "pos"};
  service.name = "web";
  if (service.image.empty()) {
    service.image = "registry.example/team/web:1";
  }
  workload.services.push_back(std::move(service));
  return workload;
}

Workload with_volume(Volume volume) {
  Workload workload = with({});
  volume.key = "data";
  workload.volumes.push_back(std::move(volume));
  return workload;
}

Service binding(std::string source) {
  return {.mounts = {{.type = Mount::Type::bind, .source = std::move(source), .target = "/x"}}};
}

/// The field of the one violation, or how many there are.
std::string violated(const Workload& workload, const Ceiling& ceiling) {
  const std::vector<Finding> findings = violations(workload, ceiling);
  return findings.size() == 1 ? findings[0].field : std::to_string(findings.size());
}

TEST(Ceiling, AllowsWhatItDoesNotForbid) {
  Service risky = binding("/");
  risky.privileged = true;
  risky.cap_add = {"SYS_ADMIN"};
  EXPECT_TRUE(check(with(risky), {}));
}

TEST(Ceiling, ForbidsEachOfItsFieldsAndNamesIt) {
  EXPECT_EQ(violated(with({.privileged = true}), {.forbid_privileged = true}),
            "services.web.privileged");
  EXPECT_EQ(violated(with({.cap_add = {"NET_ADMIN"}}), {.forbid_added_capabilities = true}),
            "services.web.cap_add");
  EXPECT_EQ(violated(with(binding("/srv/data")), {.forbid_bind_mounts = true}),
            "services.web.volumes[0]");
  EXPECT_EQ(violated(with({.image = "evil.test/x"}), {.image_prefixes = {"registry.example/"}}),
            "services.web.image");
}

TEST(Ceiling, ForbidsOneThingWithoutTheOthers) {
  EXPECT_EQ(violated(with({.privileged = true}),
                     {.forbid_bind_mounts = true, .forbid_added_capabilities = true}),
            "0");
  EXPECT_EQ(
      violated(with({.cap_add = {"ALL"}}), {.forbid_privileged = true, .forbid_bind_mounts = true}),
      "0");
  EXPECT_EQ(
      violated(with(binding("/")), {.forbid_privileged = true, .forbid_added_capabilities = true}),
      "0");
}

TEST(Ceiling, LetsVolumesAndMemoryBe) {
  const Service service{.mounts = {{.type = Mount::Type::volume, .source = "data", .target = "/x"},
                                   {.type = Mount::Type::tmpfs, .target = "/tmp"}}};
  EXPECT_TRUE(check(with(service), {.forbid_bind_mounts = true}));
}

TEST(Ceiling, SeesABindMountInAVolumesOptions) {
  const Ceiling ceiling{.forbid_bind_mounts = true};
  const auto field = [&](Volume volume) {
    return violated(with_volume(std::move(volume)), ceiling);
  };
  const std::string options = "volumes.data.driver_opts";
  EXPECT_EQ(field({.driver_options = {{"type", "none"}, {"o", "bind"}, {"device", "/etc"}}}),
            options);
  EXPECT_EQ(field({.driver = "local", .driver_options = {{"o", "rw,rbind"}, {"device", "/"}}}),
            options);
  EXPECT_EQ(field({.driver_options = {{"type", "tmpfs"}, {"o", "bind"}, {"device", "/etc"}}}),
            options);
  EXPECT_EQ(field({.driver_options = {{"type", "ext4"}, {"device", "/dev/sda1"}}}), options);
  EXPECT_EQ(field({.driver_options = {{"type", "overlay"}, {"o", "lowerdir=/etc"}}}), options);
}

TEST(Ceiling, LetsMemoryAndNetworkVolumesBe) {
  const Ceiling ceiling{.forbid_bind_mounts = true};
  EXPECT_TRUE(check(with_volume({}), ceiling));
  EXPECT_TRUE(
      check(with_volume({.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}}), ceiling));
  EXPECT_TRUE(check(
      with_volume(
          {.driver_options = {{"type", "nfs"}, {"o", "addr=10.0.0.1,rw"}, {"device", ":/export"}}}),
      ceiling));
  EXPECT_TRUE(check(with_volume({.external = true}), ceiling));
}

TEST(Ceiling, DoesNotKnowWhatAnotherVolumeDriverMounts) {
  EXPECT_EQ(violated(with_volume({.driver = "local-persist"}), {.forbid_bind_mounts = true}),
            "volumes.data.driver");
}

TEST(Ceiling, APrefixEndsWhereAPartOfTheReferenceEnds) {
  const auto allowed = [](std::string image, std::string prefix) {
    return check(with({.image = std::move(image)}), {.image_prefixes = {std::move(prefix)}})
        .has_value();
  };
  EXPECT_TRUE(allowed("registry.example/team/web:1", "registry.example"));
  EXPECT_TRUE(allowed("registry.example/team/web:1", "registry.example/"));
  EXPECT_TRUE(allowed("registry.example/team/web:1", "registry.example/team/web"));
  EXPECT_TRUE(allowed("nginx", "nginx"));
  EXPECT_TRUE(allowed("nginx@sha256:aa", "nginx"));
  EXPECT_FALSE(allowed("registry.example.evil.test/web", "registry.example"));
  EXPECT_FALSE(allowed("nginx-evil", "nginx"));
  EXPECT_FALSE(allowed("evil.test/registry.example/web", "registry.example"));
}

TEST(Ceiling, AnyOfItsPrefixesWillDo) {
  const Ceiling ceiling{.image_prefixes = {"a.example/", "registry.example/"}};
  EXPECT_TRUE(check(with({}), ceiling));
}

TEST(Ceiling, SaysTheFirstAndHowManyMore) {
  Service service = binding("/srv");
  service.privileged = true;
  const Status status =
      check(with(service), {.forbid_privileged = true, .forbid_bind_mounts = true});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ceiling_exceeded);
  EXPECT_EQ(status.error().field_path, "services.web.privileged");
  EXPECT_EQ(status.error().message, "is privileged, which is root on the host (and 1 more)");
}

TEST(Risks, AreNoneInAnOrdinaryService) {
  const Service service{.mounts = {{.type = Mount::Type::volume, .target = "/x"}},
                        .cap_drop = {"ALL"},
                        .read_only = true};
  EXPECT_TRUE(risks(with(service)).empty());
}

TEST(Risks, NameEachRiskyField) {
  Service service = binding("/srv");
  service.privileged = true;
  service.cap_add = {"NET_ADMIN", "SYS_TIME"};
  Workload workload = with(service);
  workload.volumes.push_back({.key = "data", .driver_options = {{"device", "/x"}, {"o", "bind"}}});
  std::vector<std::string> fields;
  for (const Finding& finding : risks(workload)) {
    fields.push_back(finding.field);
  }
  EXPECT_EQ(fields,
            (std::vector<std::string>{"services.web.privileged",
                                      "services.web.cap_add",
                                      "services.web.cap_add",
                                      "services.web.volumes[0]",
                                      "volumes.data.driver_opts"}));
}

TEST(HostPath, IsReadByItsTextAlone) {
  EXPECT_EQ(normalise("/etc/../proc/./self//x/"), "/proc/self/x");
  EXPECT_EQ(normalise("/../../.."), "/");
  EXPECT_EQ(normalise("/"), "/");
}

TEST(HostPath, ReachesTheRuntimesSocketFromAbove) {
  const std::string socket = "root on the host";
  for (const char* path : {"/run/docker.sock",
                           "/var/run/docker.sock",
                           "/var/run",
                           "/run",
                           "/var",
                           "/run/podman",
                           "/etc/../var/run/./docker.sock"}) {
    EXPECT_NE(danger_of(path).find(socket), std::string_view::npos) << path;
  }
  EXPECT_EQ(danger_of("/"), "it is the whole host");
}

TEST(HostPath, KnowsWhatLiesWhere) {
  EXPECT_EQ(danger_of("/etc/shadow"), "it holds the host's configuration and passwords");
  EXPECT_EQ(danger_of("//proc"), "it controls the host's kernel and processes");
  EXPECT_EQ(danger_of("/etcetera"), "it is a path of the host");
  EXPECT_EQ(danger_of("/srv/app.sock"), "it is a socket of the host");
  EXPECT_EQ(danger_of("/srv/data"), "it is a path of the host");
}

}  // namespace
}  // namespace skerry::policy
