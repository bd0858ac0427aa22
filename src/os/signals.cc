#include "os/signals.h"

#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/signalfd.h>
#include <unistd.h>

#include "os/codes.h"

namespace skerry::os {

Signals::Signals(Descriptor file, Callback callback)
    : file_(std::move(file)), callback_(std::move(callback)) {}

Result<std::unique_ptr<Signals>> Signals::create(EventLoop& loop,
                                                 std::initializer_list<int> signals,
                                                 Callback callback) {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int signal : signals) {
    ::sigaddset(&set, signal);
  }
  if (const int status = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); status != 0) {
    return fail(system_error(status, system_failed, "block signals"));
  }
  Descriptor file(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!file.valid()) {
    return fail(system_error(errno, system_failed, "watch signals"));
  }
  std::unique_ptr<Signals> made(new Signals(std::move(file), std::move(callback)));
  Signals* self = made.get();
  SKERRY_TRY(made->watch_, loop.watch(self->file_.get(), {.readable = true}, [self](Readiness) {
    self->read_all();
  }));
  return made;
}

void Signals::read_all() {
  // One at a time: the callback may destroy this object, and the loop calls again for the rest.
  signalfd_siginfo info{};
  if (::read(file_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    callback_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace skerry::os
