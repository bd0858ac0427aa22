#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "net/client.h"
#include "net/server.h"
#include "net/worker.h"
#include "os/system_clock.h"
#include "os/system_random.h"
#include "resource/json.h"
#include "server/api/api.h"
#include "server/auth/tokens.h"
#include "server/store/writer.h"
#include "trust/openssl_crypto.h"
#include "unit/os/temporary_directory.h"

namespace skerry::api {

/// A whole server but for its sites: store, API and HTTPS on loopback, each on its own thread.
class ApiTest : public ::testing::Test {
 protected:
  ApiTest();
  ~ApiTest() override;

  /// What the API answered.
  struct Answer {
    unsigned status = 0;
    std::string body = {};
    std::vector<net::Header> headers = {};

    /// The text at a path of the JSON: "status.release.digest", "items[0].metadata.name".
    [[nodiscard]] std::string at(std::string_view path) const;
    [[nodiscard]] std::string header(std::string_view name) const;
  };

  Answer ask(std::string_view method,
             std::string target,
             std::string body = {},
             std::vector<net::Header> headers = {});
  Answer put_yaml(std::string target, std::string yaml, std::vector<net::Header> headers = {});
  Answer post_json(std::string target, std::string json, std::vector<net::Header> headers = {});

  /// Makes the admin "ana" and signs in.
  void set_up();

  /// Commits something behind the API's back, as the gateway does.
  store::Outcome commit(store::Change change);
  /// A site that has enrolled, and waits for approval unless it has been let in.
  Uuid add_site(const std::string& name, const std::string& type = "");
  /// A site that has enrolled and been let in.
  store::SiteNumber let_in(const std::string& name, const std::string& type);
  /// Tells a site a manifest of the next number, as the planner does.
  document::PlanNumber tell(store::SiteNumber site);
  /// A site says how it is.
  void report(store::SiteNumber site, const document::Report& said);
  /// It runs this release, healthy, and has taken this manifest.
  void report_healthy(store::SiteNumber site,
                      const std::string& release,
                      document::PlanNumber accepted);

  net::ClientOptions client_options() const;

  os::TemporaryDirectory directory;
  os::SystemClock clock;
  os::SystemRandom random;
  trust::OpenSslCrypto crypto;
  Log log{clock, [](LogLevel, std::string_view) {}};
  trust::KeyRing keys;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Reader> api_reader;  // The API's.
  std::unique_ptr<store::Reader> reader;      // The test's.
  std::unique_ptr<net::Worker> writing;
  std::unique_ptr<Api> api;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<net::Client> client;
  /// What the planner says, where a test wants it to.
  std::map<store::SiteNumber, document::Reason> held;
  std::map<std::string, std::string> unreadable;
  std::atomic<std::uint64_t> planned{UINT64_MAX};
  std::uint64_t reports = 0;
  std::string setup_code;
  std::string token;
};

inline const std::string hello_stack =
    "apiVersion: skerry/v1\n"
    "kind: Stack\n"
    "metadata:\n"
    "  name: hello\n"
    "  labels: {team: retail}\n"
    "spec:\n"
    "  compose: |\n"
    "    services:\n"
    "      web:\n"
    "        image: registry.example/hello:1.0\n"
    "  targets:\n"
    "    selector: {matchLabels: {type: store}}\n";

}  // namespace skerry::api
