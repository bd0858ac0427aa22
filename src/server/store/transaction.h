#pragma once

#include <cstdint>

#include "base/result.h"
#include "server/store/audit.h"
#include "server/store/change.h"
#include "server/store/sqlite.h"
#include "server/store/writer.h"

namespace skerry::store {

/// The head row as it is being changed. Kept beside the transaction and written once at its end.
struct Counters {
  std::uint64_t revision = 0;
  Digest audit_hash = {};
  std::uint64_t version = 0;
  std::uint64_t compacted = 0;

  friend bool operator==(const Counters&, const Counters&) = default;
};

Result<Counters> read_counters(Connection& connection);
Status write_counters(Connection& connection, const Counters& counters);

/// Carries out the operations of one change inside an open transaction. Whoever drops an error
/// rolls back to before it and forgets `counters`.
class Transaction {
 public:
  Transaction(Connection& connection, const Environment& environment, Counters& counters)
      : connection_(connection),
        environment_(environment),
        counters_(counters),
        now_(environment.clock->wall()) {}

  Result<Outcome> run(const Change& change);

 private:
  // One for each operation of change.h; objects.cc, access.cc, sites.cc and reports.cc have them.
  Result<Effect> apply(const PutObject& operation);
  Result<Effect> apply(const DeleteObject& operation);
  Result<Effect> apply(const Note& operation);
  Result<Effect> apply(const CompactFeed& operation);
  Result<Effect> apply(const PutBlob& operation);
  Result<Effect> apply(const PutTrust& operation);
  Result<Effect> apply(const AddToken& operation);
  Result<Effect> apply(const UseToken& operation);
  Result<Effect> apply(const RevokeToken& operation);
  Result<Effect> apply(const ExtendToken& operation);
  Result<Effect> apply(const NoteTokenUse& operation);
  Result<Effect> apply(const PutUser& operation);
  Result<Effect> apply(const DeleteUser& operation);
  Result<Effect> apply(const AddSite& operation);
  Result<Effect> apply(const SetCharter& operation);
  Result<Effect> apply(const SetFacts& operation);
  Result<Effect> apply(const EndAdoption& operation);
  Result<Effect> apply(const MarkBehind& operation);
  Result<Effect> apply(const CommitPlan& operation);
  Result<Effect> apply(const LearnTold& operation);
  Result<Effect> apply(const BeginRecovery& operation);
  Result<Effect> apply(const SetState& operation);
  Result<Effect> apply(const AddEvents& operation);

  Result<Effect> create_object(const PutObject& operation);
  Result<Effect> replace_object(const PutObject& operation, const ObjectRow& standing);
  Status check_name(const TokenRow& token);
  Status end_sessions(std::string_view user, const Uuid& but);
  Status add_batch(const Digest& planner, const BatchRow& batch, PlannerRow& standing);
  Status add_told(const Digest& planner, const ToldRow& told, std::uint64_t seq_before);
  Status add_event(SiteNumber site, const EventRow& event);

  /// What an audit row is about; the rest of it comes from the change.
  struct Deed {
    std::string_view action;
    std::string_view kind;
    std::string name = {};
    Uuid uid = {};
    Digest before = {};
    Digest after = {};
    std::string_view result = "ok";
  };

  /// Takes the next revision and writes its audit row.
  Status record(const Deed& deed);

  std::uint64_t next_version() { return ++counters_.version; }

  Digest sha256(std::string_view bytes) const { return environment_.crypto->sha256(bytes); }

  Uuid new_uuid() const { return make_uuid(now_, *environment_.random); }

  Connection& connection_;
  const Environment& environment_;
  Counters& counters_;
  WallTime now_;
  const Actor* by_ = nullptr;
};

/// The answer an idempotency key has already had. `key_reused` where the request was another one.
Result<std::optional<Outcome>> earlier_outcome(Connection& connection, const Change& change);
Status remember_outcome(Connection& connection,
                        const Change& change,
                        const Outcome& outcome,
                        WallTime now);
/// Forgets keys older than a day.
Status forget_outcomes(Connection& connection, WallTime now);
/// Forgets tokens that expired before, and spent ones that were made before.
Status forget_tokens(Connection& connection, WallTime before);

/// An error of a precondition that did not hold.
Error refusal(ErrorKind kind, ErrorCode code, std::string message);

}  // namespace skerry::store
