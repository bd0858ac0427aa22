#include "os/subscriber.h"

#include <algorithm>
#include <utility>

namespace skerry::os {
namespace {

/// IPv4 as IPv4: a socket that takes both has it as ::ffff:a.b.c.d.
SocketAddress unmapped(SocketAddress address) {
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.family == SocketAddress::Family::ipv6 &&
      std::equal(mapped.begin(), mapped.end(), address.ip.begin())) {
    std::copy_n(address.ip.begin() + mapped.size(), 4, address.ip.begin());
    address.family = SocketAddress::Family::ipv4;
  }
  return address;
}

}  // namespace

std::string host_of(const SocketAddress& address) {
  const std::string text = to_string(unmapped(address));
  return text.substr(0, text.rfind(':'));
}

std::string subscriber_of(const SocketAddress& address) {
  SocketAddress front = unmapped(address);
  if (front.family == SocketAddress::Family::ipv4) {
    return host_of(front);
  }
  std::fill(front.ip.begin() + 8, front.ip.end(), std::uint8_t{0});
  return host_of(front) + "/64";
}

std::string subscriber_of(std::string_view host) {
  std::string_view digits = host;
  if (digits.starts_with('[') && digits.ends_with(']')) {
    digits = digits.substr(1, digits.size() - 2);
  }
  const std::optional<SocketAddress> address = parse_ip(digits, 0);
  return address ? subscriber_of(*address) : std::string(host);
}

bool is_loopback(const SocketAddress& address) {
  const SocketAddress plain = unmapped(address);
  if (plain.family == SocketAddress::Family::ipv4) {
    return plain.ip[0] == 127;
  }
  return std::all_of(plain.ip.begin(), plain.ip.end() - 1, [](auto byte) { return byte == 0; }) &&
         plain.ip.back() == 1;
}

std::optional<SubscriberShares::Place> SubscriberShares::take(const SocketAddress& peer) {
  if (is_loopback(peer)) {
    return Place(*this, {});
  }
  std::string subscriber = subscriber_of(peer);
  std::size_t& taken = taken_[subscriber];
  if (taken >= share_) {
    return std::nullopt;
  }
  ++taken;
  return Place(*this, std::move(subscriber));
}

SubscriberShares::Place::Place(Place&& other) noexcept
    : shares_(std::exchange(other.shares_, nullptr)), subscriber_(std::move(other.subscriber_)) {}

SubscriberShares::Place::~Place() {
  if (shares_ == nullptr) {
    return;
  }
  const auto found = shares_->taken_.find(subscriber_);
  if (found != shares_->taken_.end() && --found->second == 0) {
    shares_->taken_.erase(found);
  }
}

}  // namespace skerry::os
