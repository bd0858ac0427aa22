#include "server/auth/tokens.h"

#include <array>

#include "base/text.h"

namespace skerry::auth {

using store::TokenRow;

namespace {

constexpr std::string_view api_prefix = "sk_";
constexpr std::string_view session_prefix = "sks_";
constexpr std::string_view enrol_prefix = "ske_";

/// Crockford's: no I, L, O or U, which people mistake.
constexpr std::string_view code_letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t code_size = 20;
constexpr std::size_t code_group = 5;

std::string_view prefix_of(TokenRow::Kind kind) {
  switch (kind) {
    case TokenRow::Kind::session:
      return session_prefix;
    case TokenRow::Kind::enrol:
      return enrol_prefix;
    default:
      return api_prefix;
  }
}

}  // namespace

NewToken make_token(TokenRow::Kind kind, Random& random, const Crypto& crypto) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  std::string text(prefix_of(kind));
  text += to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const Digest hash = crypto.sha256(text);
  return {.text = Secret(std::move(text)), .hash = hash};
}

TokenRow::Kind kind_of_token(std::string_view text) {
  if (text.starts_with(session_prefix)) {
    return TokenRow::Kind::session;
  }
  return text.starts_with(api_prefix) ? TokenRow::Kind::api : TokenRow::Kind::unspecified;
}

NewToken make_setup_code(Random& random, const Crypto& crypto) {
  std::string text;
  for (std::size_t i = 0; i < code_size; ++i) {
    text += i > 0 && i % code_group == 0 ? "-" : "";
    text += code_letters[random.below(code_letters.size())];
  }
  const Digest hash = hash_of_setup_code(text, crypto);
  return {.text = Secret(std::move(text)), .hash = hash};
}

Digest hash_of_setup_code(std::string_view typed, const Crypto& crypto) {
  std::string code;
  for (const char c : typed) {
    if (c != '-' && c != ' ') {
      code += c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    }
  }
  return crypto.sha256(code);
}

SetupOffer offer_setup(Random& random, const Crypto& crypto) {
  NewToken made = make_setup_code(random, crypto);
  SetupOffer offer{.code = std::move(made.text),
                   .change = {.by = {.name = "server", .method = "internal"}}};
  offer.change.operations.emplace_back(
      store::AddToken{.token = {.kind = TokenRow::Kind::setup, .hash = made.hash, .uses_left = 1}});
  return offer;
}

}  // namespace skerry::auth
