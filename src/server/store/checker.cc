#include "server/store/checker.h"

#include <utility>

namespace skerry::store {

Result<std::unique_ptr<Checker>> Checker::start(const std::string& path,
                                                Schedule schedule,
                                                const Crypto& crypto,
                                                Checked checked) {
  SKERRY_TRY(std::unique_ptr<Reader> reader, Reader::open(path));
  return std::unique_ptr<Checker>(
      new Checker(std::move(reader), schedule, crypto, std::move(checked)));
}

Checker::Checker(std::unique_ptr<Reader> reader,
                 Schedule schedule,
                 const Crypto& crypto,
                 Checked checked)
    : reader_(std::move(reader)),
      schedule_(schedule),
      crypto_(crypto),
      checked_(std::move(checked)),
      thread_([this] { run(); }) {}

Checker::~Checker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  reader_->break_off();
  thread_.join();
}

void Checker::run() {
  check(Reader::Depth::quick);
  for (std::chrono::milliseconds time = schedule_.first; wait(time); time = schedule_.every) {
    check(Reader::Depth::whole);
  }
}

void Checker::check(Reader::Depth depth) {
  const Status found = look(depth);
  const std::lock_guard lock(mutex_);
  // One that was broken off has found nothing out.
  if (!stopping_) {
    checked_(depth, found);
  }
}

Status Checker::look(Reader::Depth depth) {
  const bool is_whole = depth == Reader::Depth::whole;
  if (is_whole || schedule_.unclean) {
    SKERRY_CHECK(reader_->check(depth));
  }
  return is_whole ? reader_->verify_audit(crypto_)
                  : reader_->verify_audit(crypto_, schedule_.audit_rows);
}

bool Checker::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace skerry::store
