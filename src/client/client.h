#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "base/result.h"
#include "base/secret.h"
#include "client/problem.h"
#include "client/transport.h"
#include "resource/schema.h"
#include "resource/yaml.h"

namespace skerry::client {

/// One object as the server sent it.
struct Object {
  const resource::Kind* kind = nullptr;
  /// As this version knows it; a newer server's fields are only in `node`.
  std::unique_ptr<google::protobuf::Message> message = {};
  resource::Node node = {};

  /// The message as its type. The caller knows the kind.
  template <class T>
  [[nodiscard]] const T& as() const {
    return static_cast<const T&>(*message);
  }
};

struct ListQuery {
  std::string selector = {};  // As after `-l`; empty chooses all.
  std::string site = {};      // Of events: this site's only.
  std::string stack = {};     // Of sites: where this stack is meant to run.
  std::size_t items_max = 0;  // 0: all of them, page by page.
};

struct ApplyOptions {
  bool dry_run = false;       // Everything is checked, nothing is stored.
  std::string if_match = {};  // An ETag; empty changes whatever is there.
  bool is_json = false;
};

struct Applied {
  Object object = {};
  enum class Outcome : std::uint8_t { created, configured, unchanged };
  Outcome outcome = Outcome::configured;
};

/// One frame of a watch.
struct Change {
  enum class Type : std::uint8_t { added, modified, deleted, resync, beat };

  Type type = Type::beat;
  std::string name = {};
  std::string position = {};  // Where a later watch goes on after this one; empty where it cannot.
  Object object = {};         // No message for deleted, resync and beat.
};

/// Who the token belongs to.
struct Identity {
  std::string user = {};
  std::string kind = {};  // "user" or "token".
};

/// What a login gives.
struct Login {
  Secret token = {};
  std::string user = {};
  std::string expires_at = {};
};

/// What any server says of itself, and what a site needs to enrol.
struct ServerFacts {
  std::string version = {};
  std::string root_digest = {};   // 64 hexadecimal digits.
  std::string site_address = {};  // "host:port" for agents.
};

/// What a server waits for that was put back from a backup.
struct RestoreState {
  struct Stack {
    std::string name = {};
    /// Sites run it, and the backup does not have it.
    bool unknown_here = false;
  };

  bool in_progress = false;
  std::vector<Stack> undecided = {};
  /// Sites that have not come back since.
  std::string sites_away = "0";
};

/// The public API of one server as typed calls. Every call is one request, or one a page; none is
/// repeated by itself.
class Client {
 public:
  /// @param transport  outlives the client
  Client(Transport& transport, Secret token) : transport_(transport), token_(std::move(token)) {}

  Result<Object> get(const resource::Kind& kind, std::string_view name);
  Result<std::vector<Object>> list(const resource::Kind& kind, const ListQuery& query);
  /// Sends `bytes` as they are.
  Result<Applied> apply(const resource::Kind& kind,
                        std::string_view name,
                        std::string bytes,
                        const ApplyOptions& options);
  /// For what the server alone can finish, a token with its secret.
  Result<Object> create(const google::protobuf::Message& resource);
  Status remove(const resource::Kind& kind, std::string_view name);
  /// "approve", "reject", "revoke" of a site.
  Status act(const resource::Kind& kind, std::string_view name, std::string_view verb);

  Result<RestoreState> restore();
  /// Lets the restored server's word on a stack hold from now on.
  Status accept_stack(std::string_view name);
  /// @param abandon_away  also where sites have not come back since
  Status finish_restore(bool abandon_away);

  using TakeChange = std::function<bool(const Change& change)>;
  /// First everything there is as `added`, then every change, until `take` says false or the
  /// server ends the stream.
  ///
  /// @param after  the position of an earlier watch: instead of everything, what has changed since
  ///               and the newest status of all
  Status watch(const resource::Kind& kind,
               const ListQuery& query,
               std::string_view after,
               const TakeChange& take);

  Result<Login> login(std::string_view user, const Secret& password);
  /// Uses the one-time code of a new server to make its first admin.
  Result<Login> set_up(const Secret& code, std::string_view user, const Secret& password);
  Status logout();
  Result<Identity> whoami();
  Result<ServerFacts> server_facts();

  /// What the server said when the last call was refused; nothing where it was not.
  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  Request request(std::string_view method, std::string target) const;
  Result<Reply> send(const Request& request);
  /// Remembers what was refused; passes on what was not.
  Result<Reply> checked(Result<Reply> reply);
  Result<Login> sign_in(std::string_view target, std::string body);
  Result<Change> read_change(const resource::Kind& kind, std::string_view data) const;

  Transport& transport_;
  Secret token_;
  std::optional<Refusal> refusal_;
};

}  // namespace skerry::client
