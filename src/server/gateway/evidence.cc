#include "server/gateway/evidence.h"

#include <algorithm>

#include "document/charter.h"
#include "document/codec.h"
#include "document/envelope.h"
#include "document/manifest.h"

namespace skerry::gateway {

using document::Header;
using document::TrustedKey;

Result<bool> was_signed_here(const trust::Opened& opened,
                             TrustedKey::Right right,
                             store::Reader& reader,
                             const Crypto& crypto) {
  SKERRY_TRY(const std::vector<std::string> chain, reader.trusts_since(0));
  for (const std::string& envelope : chain) {
    SKERRY_TRY(const trust::Opened document, trust::open_envelope(envelope, crypto));
    SKERRY_TRY(const document::Trust trust,
               document::decode<document::Trust>(document.payload.body));
    const bool signed_by_one = std::ranges::any_of(trust.keys, [&](const TrustedKey& key) {
      return trust::has_right(key, right) && trust::is_signed_by(opened, key.key, crypto);
    });
    if (signed_by_one) {
      return true;
    }
  }
  return false;
}

Result<std::optional<PublicKey>> planner_brought_by(const trust::Opened& charter,
                                                    const store::SiteRow& site,
                                                    store::Reader& reader,
                                                    const Crypto& crypto) {
  const Header& header = charter.payload.header;
  if (header.type != Header::Type::charter || header.audience != site.id) {
    return std::nullopt;
  }
  for (const TrustedKey::Right right : {TrustedKey::Right::assign, TrustedKey::Right::root}) {
    SKERRY_TRY(const bool ours, was_signed_here(charter, right, reader, crypto));
    if (ours) {
      SKERRY_TRY(const document::Charter named,
                 document::decode<document::Charter>(charter.payload.body));
      return named.planner_keys.empty() ? std::nullopt : std::optional(named.planner_keys.front());
    }
  }
  return std::nullopt;
}

namespace {

/// Whether one of the planners that the site's charters here have brought has signed it.
Result<bool> is_by_chartered_planner(const trust::Opened& opened,
                                     const store::SiteRow& site,
                                     store::Reader& reader,
                                     const Crypto& crypto) {
  SKERRY_TRY(const std::vector<std::string> charters, reader.charters(site.number));
  for (const std::string& envelope : charters) {
    SKERRY_TRY(const trust::Opened charter, trust::open_envelope(envelope, crypto));
    SKERRY_TRY(const document::Charter named,
               document::decode<document::Charter>(charter.payload.body));
    for (const PublicKey& key : named.planner_keys) {
      if (trust::is_signed_by(opened, key, crypto)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Result<std::optional<store::LearnTold>> told_before(const trust::Opened& opened,
                                                    const store::SiteRow& site,
                                                    const std::optional<PublicKey>& planner,
                                                    store::Reader& reader,
                                                    const Crypto& crypto) {
  const Header& header = opened.payload.header;
  if (header.type != Header::Type::manifest || header.audience != site.id) {
    return std::nullopt;
  }
  SKERRY_TRY(bool ours, was_signed_here(opened, TrustedKey::Right::plan, reader, crypto));
  ours = ours || (planner && trust::is_signed_by(opened, *planner, crypto));
  if (!ours) {
    SKERRY_TRY(ours, is_by_chartered_planner(opened, site, reader, crypto));
  }
  if (!ours) {
    return std::nullopt;
  }
  return store::LearnTold{.told = {.site = site.number,
                                   .number = {.term = header.term, .seq = header.seq},
                                   .digest = opened.digest,
                                   .envelope = document::encode(opened.envelope)}};
}

Result<std::vector<Digest>> missing_releases(const trust::Opened& manifest, store::Reader& reader) {
  SKERRY_TRY(const document::Manifest said,
             document::decode<document::Manifest>(manifest.payload.body));
  std::vector<Digest> missing;
  for (const document::StackAssignment& stack : said.stacks) {
    SKERRY_TRY(const std::optional<std::string> blob, reader.blob(stack.release));
    if (!blob) {
      missing.push_back(stack.release);
    }
  }
  return missing;
}

Result<std::optional<store::PutBlob>> release_before(const Digest& wanted,
                                                     const std::string& envelope,
                                                     store::Reader& reader,
                                                     const Crypto& crypto) {
  const Result<trust::Opened> opened = trust::open_envelope(envelope, crypto);
  if (!opened || opened->digest != wanted || opened->payload.header.type != Header::Type::release) {
    return std::nullopt;
  }
  SKERRY_TRY(const bool ours, was_signed_here(*opened, TrustedKey::Right::author, reader, crypto));
  return ours ? std::optional(store::PutBlob{.digest = wanted, .bytes = envelope}) : std::nullopt;
}

}  // namespace skerry::gateway
