#include "server/gateway/admission.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "base/uuid.h"
#include "document/codec.h"
#include "resource/names.h"
#include "skerry/api/v1/access.pb.h"
#include "skerry/api/v1/site.pb.h"

namespace skerry::gateway {
namespace {

constexpr std::size_t name_length_max = 48;

std::string with_suffix(const std::string& name, int attempt, const Digest& key) {
  // Of the key, so that the same machine gets the same name whoever was there first.
  return attempt == 0
             ? name
             : name + "-" + to_hex(key.view()).substr(0, 2 + 2 * static_cast<std::size_t>(attempt));
}

api::v1::Site make_site(const std::string& name, const api::v1::EnrollmentToken& token) {
  api::v1::Site site;
  site.set_api_version("skerry/v1");
  site.set_kind("Site");
  site.mutable_metadata()->set_name(name);
  *site.mutable_metadata()->mutable_labels() = token.spec().labels();
  return site;
}

}  // namespace

std::string object_name(std::string_view wanted) {
  std::string name;
  for (const char c : wanted.substr(0, name_length_max)) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0;
    name += fits ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '-';
  }
  const std::size_t first = name.find_first_not_of('-');
  name =
      first == std::string::npos ? "" : name.substr(first, name.find_last_not_of('-') + 1 - first);
  return name.empty() || !resource::name_problem(name).empty() ? "site" : name;
}

Result<Admission> make_admission(const Desk& desk, const AdmissionInput& input) {
  api::v1::EnrollmentToken token;
  if (!token.ParseFromString(input.token.body)) {
    return fail({.kind = ErrorKind::internal,
                 .code = {"token_unreadable"},
                 .message = "the stored token cannot be read"});
  }
  Crypto& crypto = *desk.signers.crypto;
  const Digest key = key_id(crypto, input.key);
  const Uuid id = make_uuid(desk.clock->wall(), *desk.random);
  const std::string name = with_suffix(object_name(input.request.name), input.attempt, key);
  const api::v1::Site site = make_site(name, token);

  Admission admission;
  auto& operations = admission.change.operations;
  operations.emplace_back(
      store::UseToken{.kind = store::TokenRow::Kind::enrol, .hash = input.token.hash});
  operations.emplace_back(
      store::AddSite{.id = id, .key = key, .request = std::string(input.key.view())});
  operations.emplace_back(
      store::PutObject{.kind = "Site",
                       .name = name,
                       .body = site.SerializeAsString(),
                       .spec_digest = crypto.sha256(site.spec().SerializeAsString()),
                       .if_absent = true,
                       .uid = id});
  if (!token.spec().approval_required()) {
    SKERRY_TRY(store::SetCharter charter, charters::first(desk.signers, id, input.key));
    operations.emplace_back(std::move(charter));
  }
  return admission;
}

}  // namespace skerry::gateway
