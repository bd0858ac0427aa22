#include "server/store/writer.h"

#include <sqlite3.h>

#include "server/store/codes.h"
#include "server/store/core.h"

namespace skerry::store {

std::string sqlite_version() {
  return sqlite3_libversion();
}

Writer::Writer(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Writer::~Writer() = default;

Result<std::unique_ptr<Writer>> Writer::open(Options options, Environment environment) {
  SKERRY_TRY(std::unique_ptr<Core> core, Core::open(std::move(options), environment));
  return std::unique_ptr<Writer>(new Writer(std::move(core)));
}

Status Writer::submit(Change change, Done done) {
  return core_->submit(std::move(change), std::move(done));
}

Result<bool> Writer::step() {
  return core_->step();
}

Status Writer::drain() {
  for (;;) {
    SKERRY_TRY(const bool more, core_->step());
    if (!more) {
      return {};
    }
  }
}

Result<Outcome> Writer::apply(Change change) {
  std::optional<Result<Outcome>> answer;
  SKERRY_CHECK(core_->submit(std::move(change),
                             [&answer](const Result<Outcome>& outcome) { answer = outcome; }));
  while (!answer) {
    // A dying store answers what waits before it says so here.
    static_cast<void>(core_->step());
  }
  return *std::move(answer);
}

bool Writer::was_unclean() const {
  return core_->was_unclean();
}

std::uint64_t Writer::commits() const {
  return core_->commits();
}

Status Writer::close() {
  SKERRY_CHECK(drain());
  return core_->mark_clean();
}

}  // namespace skerry::store
