#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/groups.h"
#include "cli/outside.h"
#include "cli/session.h"
#include "cli/view.h"
#include "resource/names.h"
#include "resource/units.h"
#include "skerry/api/v1/access.pb.h"

namespace skerry::cli {
namespace {

/// A name nobody has to think of: "site-1f2e3d4c".
std::string made_up_name(Random& random) {
  std::array<std::uint8_t, 4> bytes{};
  random.fill(bytes);
  return "site-" + to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<std::int64_t> expiry_of(const Options& options) {
  if (!options.has("expires")) {
    return 0;
  }
  const auto milliseconds = resource::parse_duration(options.get("expires"));
  if (!milliseconds || *milliseconds == 0) {
    return fail(
        usage("--expires \"" + options.get("expires") + "\" is no duration", "as in --expires 1h"));
  }
  return *milliseconds;
}

Result<std::uint32_t> uses_of(const Options& options) {
  if (!options.has("uses")) {
    return 0U;
  }
  const auto uses = parse_unsigned(options.get("uses"));
  if (!uses || *uses == 0 || *uses > 100'000) {
    return fail(usage("--uses takes a number from 1 to 100000"));
  }
  return static_cast<std::uint32_t>(*uses);
}

Status fill_labels(const Options& options, api::v1::EnrollmentTokenSpec& spec) {
  for (const std::string& list : options.all("labels")) {
    for (const std::string_view pair : split(list, ',')) {
      const std::size_t equals = pair.find('=');
      const std::string key(pair.substr(0, equals));
      if (equals == std::string_view::npos || !resource::label_key_problem(key).empty()) {
        return fail(usage("--labels \"" + std::string(pair) + "\" is no label",
                          "as in --labels type=store,region=eu"));
      }
      (*spec.mutable_labels())[key] = std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

/// "host:port" of "https://host:port".
std::string authority_of(const std::string& url) {
  const std::size_t at = url.find("://");
  std::string authority = at == std::string::npos ? url : url.substr(at + 3);
  return authority.substr(0, authority.find('/'));
}

/// What to do with the secret, next to the secret: the one time it is shown.
std::string enrol_text(const std::string& token,
                       const client::ServerFacts& facts,
                       const std::string& server_url) {
  const std::string address =
      facts.site_address.empty() ? authority_of(server_url) : facts.site_address;
  return "token: " + token +
         "\n\n"
         "It is shown this once. On the site, run this and paste the token:\n\n"
         "  skerry-agent enrol --server " +
         address + " --root " + facts.root_digest + "\n";
}

Result<Exit> create_site_token(const Invocation& invocation) {
  const Options& options = invocation.options;
  const auto message = resource::make_resource(*resource::kind_named("EnrollmentToken"));
  auto& token = static_cast<api::v1::EnrollmentToken&>(*message);
  const std::string given = options.get("NAME");
  token.mutable_metadata()->set_name(given.empty() ? made_up_name(invocation.outside.random)
                                                   : given);
  SKERRY_TRY(const std::int64_t expires, expiry_of(options));
  SKERRY_TRY(const std::uint32_t uses, uses_of(options));
  token.mutable_spec()->set_expires_after_ms(expires);
  token.mutable_spec()->set_uses_max(uses == 0 ? 1 : uses);
  token.mutable_spec()->set_approval_required(options.has("approval"));
  SKERRY_CHECK(fill_labels(options, *token.mutable_spec()));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_TRY(const client::ServerFacts facts, client->server_facts());
  SKERRY_TRY(const client::Object made, client->create(token));
  const std::string secret = made.as<api::v1::EnrollmentToken>().status().token();
  const bool alone = options.get("output") == "name";
  invocation.outside.terminal.out(
      alone ? secret + "\n" : enrol_text(secret, facts, invocation.session.server_url()));
  return Exit::done;
}

Result<Exit> create_api_token(const Invocation& invocation) {
  const Options& options = invocation.options;
  if (options.get("NAME").empty()) {
    return fail(usage("an API token needs a name", "skerry token create --api ci"));
  }
  const auto message = resource::make_resource(*resource::kind_named("ApiToken"));
  auto& token = static_cast<api::v1::ApiToken&>(*message);
  token.mutable_metadata()->set_name(options.get("NAME"));
  SKERRY_TRY(const std::int64_t expires, expiry_of(options));
  token.mutable_spec()->set_expires_after_ms(expires);
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_TRY(const client::Object made, client->create(token));
  const std::string secret = made.as<api::v1::ApiToken>().status().token();
  const bool alone = options.get("output") == "name";
  invocation.outside.terminal.out(
      alone ? secret + "\n"
            : "token: " + secret +
                  "\n\nIt is shown this once. Use it as SKERRY_TOKEN, or: skerry login "
                  "--token-stdin\n");
  return Exit::done;
}

}  // namespace

Result<Exit> run_token_create(const Invocation& invocation) {
  const bool site = invocation.options.has("site");
  if (site == invocation.options.has("api")) {
    return fail(usage("a token for what?",
                      "skerry token create --site, or skerry token create --api NAME"));
  }
  return site ? create_site_token(invocation) : create_api_token(invocation);
}

}  // namespace skerry::cli
