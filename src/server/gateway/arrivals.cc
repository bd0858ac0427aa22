#include "server/gateway/arrivals.h"

#include <utility>

namespace skerry::gateway {

Arrivals::Arrivals(os::EventLoop& loop, Limits limits, Arrived arrived)
    : loop_(loop),
      limits_(limits),
      arrived_(std::move(arrived)),
      shares_(limits.per_subscriber_max) {}

void Arrivals::take(os::Descriptor socket, const os::SocketAddress& peer) {
  if (arrivals_.size() >= limits_.count_max) {
    return;
  }
  std::optional<os::SubscriberShares::Place> place = shares_.take(peer);
  if (!place) {
    return;
  }
  const std::uint64_t number = ++last_number_;
  auto peek = os::HelloPeek::start(
      loop_,
      std::move(socket),
      limits_.hello,
      [this, number](os::Descriptor back, const Result<os::ClientHello>& hello) {
        on_hello(number, std::move(back), hello);
      });
  if (peek) {
    arrivals_.emplace(number,
                      Arrival{.peer = peer, .place = *std::move(place), .peek = *std::move(peek)});
  }
}

void Arrivals::on_hello(std::uint64_t number,
                        os::Descriptor socket,
                        const Result<os::ClientHello>& hello) {
  const auto found = arrivals_.find(number);
  const os::SocketAddress peer = found->second.peer;
  arrivals_.erase(found);
  if (hello) {
    arrived_(std::move(socket), peer, *hello);
  }
}

}  // namespace skerry::gateway
