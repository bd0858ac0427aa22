#include "reconcile/fields.h"

#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "reconcile/fill.h"
#include "trust/openssl_crypto.h"

namespace skerry::reconcile {
namespace {

using document::Mount;
using document::Port;
using document::Service;

document::Text text(std::string literal) {
  return {.literal = std::move(literal)};
}

Service full_service() {
  Service service{.name = "web", .image = "registry.example/web:1.4"};
  service.entrypoint = document::Words{{text("/bin/web")}};
  service.command = document::Words{};
  service.environment = {{"MODE", text("live")}, {"EMPTY", text("")}};
  service.ports = {{.target = 8080, .published = 80, .protocol = Port::Protocol::tcp},
                   {.target = 8080, .published = 81, .host_ip = "::1"}};
  service.mounts = {{.type = Mount::Type::volume, .source = "data", .target = "/data"},
                    {.type = Mount::Type::tmpfs, .target = "/run", .tmpfs_mode = 0755}};
  service.networks = {{.network = "front", .aliases = {"www", "web"}}};
  service.configs = {{.source = "conf", .target = "/etc/web.conf", .mode = 0440}};
  service.healthcheck = document::Healthcheck{.test = {text("NONE")}, .interval_ms = 10000};
  service.restart = Service::Restart::on_failure;
  service.restart_retries_max = 3;
  service.cap_add = {"net_admin", "CAP_CHOWN"};
  service.resources.memory_limit_bytes = 1 << 20;
  service.stop_grace_period_ms = 1500;
  service.init = Service::Init::on;
  return service;
}

DesiredService desired(const Service& service) {
  const trust::OpenSslCrypto crypto;
  const DesiredStack stack{.name = "shop",
                           .networks = {{.key = "front", .name = "shop_front", .internal = true}},
                           .volumes = {{.key = "data", .name = "shop_data"}},
                           .configs = {{.key = "conf", .content = text("listen 80\n")}}};
  DesiredService made{.spec = service, .fields = desired_fields(crypto, stack, service)};
  made.config_hash = config_hash(crypto, made.fields);
  return made;
}

ObservedContainer as_made(const DesiredService& service, const Fields& image = {}) {
  ObservedContainer container{.fields = effective_fields(service.fields, image),
                              .image_fields = image};
  std::erase_if(container.fields,
                [](const auto& field) { return field_rule(field.first)->remedy == Remedy::none; });
  return container;
}

TEST(ConfigHash, NeverChanges) {
  std::map<std::string, std::string> golden;
  std::ifstream in(SKERRY_TEST_DATA "/reconcile/golden_hashes.txt");
  for (std::string name, hash; in >> name >> hash;) {
    golden.emplace(name, hash);
  }
  EXPECT_EQ(desired({.name = "web", .image = "web:1"}).config_hash, golden["plain"]);
  EXPECT_EQ(desired(full_service()).config_hash, golden["full"]);
}

TEST(Fields, AreWrittenAsPeopleReadThem) {
  const Fields fields = desired(full_service()).fields;
  EXPECT_EQ(fields.at("command"), "[]");
  EXPECT_EQ(fields.at("ports.8080/tcp"), "80, [::1]:81");
  EXPECT_EQ(fields.at("mounts./data"), "volume shop_data");
  EXPECT_EQ(fields.at("mounts./run"), "tmpfs mode=0755");
  EXPECT_EQ(fields.at("networks.shop_front"), "connected alias=www");
  EXPECT_EQ(fields.at("cap_add"), "CHOWN, NET_ADMIN");
  EXPECT_EQ(fields.at("restart"), "on-failure:3");
}

TEST(Diff, TakesWhatTheServiceLeavesOpenFromTheImage) {
  const Fields image = {{"command[0]", "serve"}, {"environment.PATH", "/bin"}, {"user", "nobody"}};
  const auto service = desired({.name = "web", .image = "web:1"});
  EXPECT_EQ(diff(service, as_made(service, image)), std::vector<Difference>());
  auto changed = as_made(service, image);
  changed.fields["environment.PATH"] = "/tmp";
  changed.fields["logging.driver"] = "journald";
  EXPECT_EQ(diff(service, changed),
            (std::vector<Difference>{{"environment.PATH", "/bin", "/tmp", Remedy::recreate}}));
}

TEST(Diff, KnowsThatAnEntrypointClearsTheImagesCommand) {
  const Fields image = {{"entrypoint[0]", "/init"}, {"command[0]", "serve"}};
  const auto service = desired(full_service());
  auto found = as_made(service, image);
  EXPECT_TRUE(diff(service, found).empty());
  found.fields["command[0]"] = "serve";
  EXPECT_EQ(diff(service, found).size(), 1U);
}

TEST(Fill, RefusesHolesThatDoNotFit) {
  const trust::OpenSslCrypto crypto;
  const auto fill_with = [&](std::vector<document::Text::Hole> holes) {
    document::Release release{.stack = "shop"};
    Service web{.name = "web", .image = "web:1"};
    web.environment = {{"STORE", {.literal = "abc", .holes = std::move(holes)}}};
    release.workload.services = {web};
    const document::StackAssignment assignment{.name = "shop", .slot_values = {"7"}};
    const auto filled = fill(crypto, {release, assignment, {}});
    return filled ? filled->services[0].fields.at("environment.STORE") : "refused";
  };
  EXPECT_EQ(fill_with({{1, 0}, {3, 0}}), "a7bc7");
  EXPECT_EQ(fill_with({{4, 0}}), "refused");
  EXPECT_EQ(fill_with({{0, 1}}), "refused");
  EXPECT_EQ(fill_with({{2, 0}, {1, 0}}), "refused");
}

}  // namespace
}  // namespace skerry::reconcile
