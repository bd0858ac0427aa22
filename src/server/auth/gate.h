#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/result.h"
#include "server/auth/routes.h"
#include "server/auth/throttle.h"
#include "server/store/change.h"
#include "server/store/reader.h"

namespace skerry::auth {

/// A session ends when it was not used for so long,
inline constexpr std::chrono::hours session_idle_max{2};
/// and so long after its begin whatever it did: one that was stolen ends too.
inline constexpr std::chrono::hours session_life{12};

/// That somebody may do something. Only a `Gate` makes one, so whoever holds one has been checked.
class Permit {
 public:
  /// Empty for a stranger at an open route.
  [[nodiscard]] const std::string& user() const { return user_; }

  [[nodiscard]] Right right() const { return right_; }

  /// The token that was shown; zero for a stranger.
  [[nodiscard]] const Uuid& token() const { return token_; }

  [[nodiscard]] const std::string& role() const { return role_; }

  /// For the audit row.
  [[nodiscard]] store::Actor actor() const;

 private:
  friend class Gate;

  Permit() = default;

  std::string user_;
  std::string role_;
  std::string method_;
  std::string source_;
  Uuid token_;
  Right right_ = Right::open;
  store::TokenRow::Kind kind_ = store::TokenRow::Kind::unspecified;
  Digest hash_;
  std::optional<WallTime> expires_at_;
  WallTime used_at_;
  /// When a session ends even if it is used.
  WallTime ends_at_;
};

/// What of a request says who sends it.
struct Caller {
  /// The header `Authorization`; nullptr where there is none.
  const std::string* authorization = nullptr;
  /// The address's part that one subscriber has: an IPv4 address, or the front half of an IPv6 one.
  std::string_view address = {};
  /// A token stood in the URL, where logs and histories keep it.
  bool token_in_url = false;
};

/// Decides who may do what. One thread.
class Gate {
 public:
  /// All of them outlive the gate.
  Gate(store::Reader& reader, const Clock& clock, const Crypto& crypto)
      : reader_(reader), clock_(clock), crypto_(crypto) {}

  /// Before any of a request's body is read.
  ///
  /// @return `token_in_url`, `unauthenticated` or `forbidden`, all of kind `denied`
  Result<Permit> admit(const Route& route, const Caller& caller);

  /// What was permitted before and goes on, a watch: `unauthenticated` or `forbidden` where it is
  /// not permitted any more.
  Result<Permit> admit_again(const Permit& permit);

  /// What keeps a session that is used from ending as an idle one, or says when an API token was
  /// used last; nothing where that was noted lately.
  [[nodiscard]] std::optional<store::Change> note_use(const Permit& permit) const;

  /// Before a password or a code is looked at; `throttled` with the time to wait in `retry_after`.
  ///
  /// @param account  empty for the setup code
  Status may_guess(std::string_view account, std::string_view address);
  /// The guess was good.
  void guessed(std::string_view account, std::string_view address);

  /// How long the last `throttled` asked to wait.
  [[nodiscard]] std::chrono::milliseconds retry_after() const { return retry_after_; }

  /// What was denied and is to be kept as an audit row; nothing where one address has filled its
  /// share of them. Those left out are counted, and the next row says how many.
  std::optional<store::Change> note_denied(const Caller& caller,
                                           std::string_view action,
                                           const Error& error);

 private:
  /// How a caller shows who it is.
  struct Shown {
    store::TokenRow::Kind kind = store::TokenRow::Kind::unspecified;
    Digest hash = {};
    std::string_view source = {};
  };

  Result<Permit> admit_token(Right right, const Shown& shown);

  store::Reader& reader_;
  const Clock& clock_;
  const Crypto& crypto_;
  Throttle by_account_;
  Throttle by_address_{{.free = 20}};
  /// Each row of the audit costs a sync, so a flood of denials may not write a flood of rows.
  Throttle notes_{{.free = 10, .most = std::chrono::minutes(1)}};
  std::uint64_t notes_left_out_ = 0;
  /// Where an account has signed in from: there guesses from elsewhere do not hold it back.
  std::set<std::string, std::less<>> familiar_;
  std::chrono::milliseconds retry_after_{0};
};

/// Whether users of this role have this right. A role that is not known has none.
bool grants(std::string_view role, Right right);

inline constexpr std::string_view admin_role = "admin";

}  // namespace skerry::auth
