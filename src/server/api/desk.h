#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "net/worker.h"
#include "server/api/api.h"
#include "server/auth/gate.h"
#include "skerry/api/v1/service.pb.h"

/// What all parts of the API share. Private to the room; everything here is on the API's thread.
namespace skerry::api {

/// One request that was let in.
struct Call {
  std::shared_ptr<net::Exchange> exchange;
  const auth::Route* route;
  auth::Permit permit;
  std::string name;  // What stands for `{name}`.
  std::vector<net::Header> query;
  std::string body;
  std::string request_id;
  const Crypto* crypto = nullptr;

  /// A parameter's value; empty where it is not there.
  [[nodiscard]] std::string_view parameter(std::string_view key) const;
  /// A header's value; nullptr where it is not there.
  [[nodiscard]] const std::string* header(std::string_view key) const;
};

/// Shared because a call waits in the callbacks of whatever it waits for.
using CallPtr = std::shared_ptr<Call>;

struct Counters {
  std::uint64_t requests = 0;
  std::uint64_t denied = 0;
  std::uint64_t throttled = 0;
  std::uint64_t refused = 0;  // 4xx of other kinds.
  std::uint64_t failed = 0;   // 5xx.
  std::uint64_t changes = 0;
};

class Watches;

struct Desk {
  Environment environment;
  auth::Gate gate;
  net::Worker& worker;
  net::Worker& hasher;
  Watches* watches = nullptr;
  Counters counters = {};
  /// Somebody is being made the first user.
  bool setting_up = false;

  [[nodiscard]] store::Reader& reader() const { return *environment.reader; }

  [[nodiscard]] WallTime now() const { return environment.clock->wall(); }

  using Committed = std::function<void(const store::Outcome& outcome)>;

  /// Commits; then `committed` on this thread, or an answer with the error.
  void submit(const CallPtr& call, store::Change change, Committed committed);

  using Settled = std::function<void(const Result<store::Outcome>& outcome)>;

  /// The same for who wants to see the error.
  void submit(store::Change change, const Settled& settled);

  /// Runs `work` on the thread that may be slow, then `done` on this one.
  template <class T>
  void compute(std::function<T()> work, std::function<void(T)> done) {
    hasher.poster().post(
        [poster = worker.poster(), work = std::move(work), done = std::move(done)] {
          poster.post([value = work(), done] { done(value); });
        });
  }
};

// ---- Answers.

/// A read that was answered with JSON gets an ETag of its very bytes, so that a status that has
/// changed is another one too; where the caller has just that, the answer is 304.
void reply(const CallPtr& call, net::Response response);
/// The message as JSON.
void reply(const CallPtr& call,
           unsigned status,
           const google::protobuf::Message& message,
           std::vector<net::Header> headers = {});
void reply_json(const CallPtr& call, std::string json);
void refuse(Desk& desk, const CallPtr& call, const Error& error);
/// Several things are wrong with what was sent.
void refuse(Desk& desk,
            const CallPtr& call,
            const std::vector<Error>& errors,
            std::size_t unlisted);

/// RFC 9457.
net::Response problem(const Error& error,
                      const std::vector<Error>& fields,
                      std::string_view request_id,
                      std::chrono::milliseconds retry_after = {});

/// `"17"`
net::Header etag_of(std::uint64_t revision);
/// `"17-5f3a…"`: the revision in front, so that If-Match takes it; `"-5f3a…"` where there is none.
net::Header etag_of(const std::string* revision, const Digest& body);
/// Whether an If-None-Match names this ETag: a list, `*`, and `W/` in front counts as without.
bool names_etag(std::string_view if_none_match, std::string_view etag);

/// What a change did, for who wants to say it: "created", "configured" or "unchanged".
net::Header outcome_of(const store::Effect& effect);
net::Header outcome_of(std::string_view word);

// ---- Conditions.

struct Conditions {
  std::optional<std::uint64_t> if_match = {};
  bool if_absent = false;
  /// If-Match: * — there must be one, whichever.
  bool if_any = false;
};

/// If-Match and If-None-Match of a change; `bad_parameter` for what is no ETag of ours.
Result<Conditions> conditions_of(const Call& call);

bool is_dry_run(const Call& call);

/// What was answered to this request before under its idempotency key; `key_reused` where that was
/// another request.
Result<std::optional<store::Outcome>> earlier_outcome(const Desk& desk, const Call& call);

/// Who does it, and with the request's idempotency key if it has one.
store::Change change_of(const Desk& desk, const Call& call);

// ---- Text.

std::uint64_t milliseconds_of(WallTime time);
/// The bytes of a message; equal messages give equal bytes, maps and all.
std::string bytes_of(const google::protobuf::Message& message);
std::string hex(const Digest& digest);

}  // namespace skerry::api
