#include "integration/api/server_fixture.h"

#include <future>

#include "document/codec.h"
#include "resource/resources.h"
#include "skerry/api/v1/site.pb.h"

namespace skerry::api {

ApiTest::ApiTest() {
  const std::string path = directory.path() + "/store.db";
  const store::Environment storing{
      .clock = &clock, .random = &random, .crypto = &crypto, .log = &log};
  writer = store::Writer::open({.path = path}, storing).value();
  reader = store::Reader::open(path).value();
  api_reader = store::Reader::open(path).value();
  keys = trust::make_keys(crypto).value();
  auth::SetupOffer offer = auth::offer_setup(random, crypto);
  setup_code = offer.code.reveal();
  EXPECT_TRUE(writer->apply(std::move(offer.change)));
  writing = net::Worker::start().value();
  const auto submit = [this, poster = writing->poster()](store::Change change, store::Done done) {
    poster.post([this, change = std::move(change), done = std::move(done)] {
      EXPECT_TRUE(writer->submit(change, done));
      EXPECT_TRUE(writer->drain());
      api->wake();
    });
    return Status();
  };
  api =
      Api::start({.reader = api_reader.get(),
                  .submit = submit,
                  .keys = &keys,
                  .root_key = key_id(crypto, keys.get(trust::KeyRole::root).public_key),
                  .crypto = &crypto,
                  .clock = &clock,
                  .random = &random,
                  .log = &log,
                  .beat = std::chrono::milliseconds(50),
                  .held = [this](store::SiteNumber site) -> std::optional<document::Reason> {
                    const auto found = held.find(site);
                    return found == held.end() ? std::nullopt : std::optional(found->second);
                  },
                  .unreadable = [this](const std::string& stack) -> std::optional<std::string> {
                    const auto found = unreadable.find(stack);
                    return found == unreadable.end() ? std::nullopt : std::optional(found->second);
                  },
                  .planned = [this] { return planned.load(); },
                  .version = "0.1.0"})
          .value();
  net::ServerOptions options;
  options.listen = os::SocketAddress{.ip = {127, 0, 0, 1}};
  server =
      net::Server::start(keys.get(trust::KeyRole::server), options, api->handler(), log).value();
  client = std::make_unique<net::Client>(client_options());
}

ApiTest::~ApiTest() {
  client.reset();  // A server that stops waits for its peers to hang up.
  server->stop();
  api->stop();
  writing->stop();
}

net::ClientOptions ApiTest::client_options() const {
  return {.server = {.host = "127.0.0.1", .port = server->address()->port},
          .server_key = key_id(crypto, keys.get(trust::KeyRole::server).public_key)};
}

std::string ApiTest::Answer::at(std::string_view path) const {
  const auto node = resource::read_json(body, {});
  if (!node) {
    return "not JSON: " + body;
  }
  const resource::Node& found = resource::node_at(*node, path);
  return found.is_scalar() ? found.text : "";
}

std::string ApiTest::Answer::header(std::string_view name) const {
  const std::string* value = net::find_header(headers, name);
  return value == nullptr ? "" : *value;
}

ApiTest::Answer ApiTest::ask(std::string_view method,
                             std::string target,
                             std::string body,
                             std::vector<net::Header> headers) {
  if (!token.empty()) {
    headers.push_back({"authorization", "Bearer " + token});
  }
  const Result<net::Response> response = client->send({.method = std::string(method),
                                                       .target = std::move(target),
                                                       .headers = std::move(headers),
                                                       .body = std::move(body)});
  EXPECT_TRUE(response) << response.error().message;
  return response ? Answer{.status = response->status,
                           .body = response->body,
                           .headers = response->headers}
                  : Answer{};
}

ApiTest::Answer ApiTest::put_yaml(std::string target,
                                  std::string yaml,
                                  std::vector<net::Header> headers) {
  headers.push_back({"content-type", "application/yaml"});
  return ask("PUT", std::move(target), std::move(yaml), std::move(headers));
}

ApiTest::Answer ApiTest::post_json(std::string target,
                                   std::string json,
                                   std::vector<net::Header> headers) {
  headers.push_back({"content-type", "application/json"});
  return ask("POST", std::move(target), std::move(json), std::move(headers));
}

void ApiTest::set_up() {
  const Answer answer =
      post_json("/api/v1/setup",
                R"({"code":")" + setup_code + R"(","user":"ana","password":"correct horse"})");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  token = answer.at("token");
}

store::Outcome ApiTest::commit(store::Change change) {
  std::promise<Result<store::Outcome>> promise;
  writing->poster().post([&] { promise.set_value(writer->apply(std::move(change))); });
  const Result<store::Outcome> outcome = promise.get_future().get();
  EXPECT_TRUE(outcome) << outcome.error().message;
  api->wake();
  return outcome.value_or(store::Outcome{});
}

Uuid ApiTest::add_site(const std::string& name, const std::string& type) {
  const KeyPair key = crypto.generate().value();
  const Uuid id = make_uuid(clock.wall(), random);
  v1::Site site;
  site.set_api_version("skerry/v1");
  site.set_kind("Site");
  site.mutable_metadata()->set_name(name);
  if (!type.empty()) {
    (*site.mutable_metadata()->mutable_labels())["type"] = type;
  }
  store::Change change{.by = {.name = "site", .method = "identity"}};
  change.operations.emplace_back(store::AddSite{.id = id,
                                                .key = key_id(crypto, key.public_key),
                                                .request = std::string(key.public_key.view())});
  change.operations.emplace_back(store::PutObject{.kind = "Site",
                                                  .name = name,
                                                  .body = site.SerializeAsString(),
                                                  .if_absent = true,
                                                  .uid = id});
  commit(std::move(change));
  return id;
}

store::SiteNumber ApiTest::let_in(const std::string& name, const std::string& type) {
  const Uuid id = add_site(name, type);
  EXPECT_EQ(post_json("/api/v1/sites/" + name + "/approve", "{}").status, 200U);
  return reader->site_by_id(id).value()->number;
}

document::PlanNumber ApiTest::tell(store::SiteNumber site) {
  const store::SiteRow row = reader->site(site).value().value();
  const store::PlannerRow before = reader->planner(row.planner).value();
  const std::uint64_t seq = before.seq + 1;
  const document::PlanNumber number{.term = row.term, .seq = seq};
  store::CommitPlan plan{.planner = row.planner, .seq_before = before.seq};
  plan.batches.push_back({.seq = seq,
                          .previous = before.previous,
                          .size = 1,
                          .hash = crypto.sha256("batch " + std::to_string(seq))});
  plan.told.push_back({.site = site, .number = number, .envelope = "manifest"});
  store::Change change{.by = {.name = "planner", .method = "internal"}};
  change.operations.emplace_back(std::move(plan));
  commit(std::move(change));
  return number;
}

void ApiTest::report(store::SiteNumber site, const document::Report& said) {
  store::Change change{.by = {.name = "site", .method = "identity"},
                       .lane = store::Change::Lane::status};
  change.operations.emplace_back(
      store::SetState{.state = {.site = site,
                                .number = {.start = 1, .seq = ++reports},
                                .accepted = said.accepted,
                                .health = static_cast<std::uint32_t>(v1::SiteState::HEALTHY),
                                .seen_at = clock.wall()},
                      .report = document::encode(said)});
  commit(std::move(change));
}

void ApiTest::report_healthy(store::SiteNumber site,
                             const std::string& release,
                             document::PlanNumber accepted) {
  report(site,
         {.accepted = accepted,
          .stacks = {{.name = "hello",
                      .release = parse_digest(release).value(),
                      .state = document::WorkloadState::healthy}}});
}

}  // namespace skerry::api
