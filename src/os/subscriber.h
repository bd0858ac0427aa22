#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "os/socket_address.h"

namespace skerry::os {

/// The address without its port, IPv4 as IPv4 however it came.
std::string host_of(const SocketAddress& address);

/// What one subscriber has of an address: an IPv4 address, or the front half of an IPv6 one.
std::string subscriber_of(const SocketAddress& address);
/// Of an address written without its port, in brackets or not; another text is left as it is.
std::string subscriber_of(std::string_view host);

bool is_loopback(const SocketAddress& address);

/// Counts what each subscriber has of something bounded, so that none can hold all of it.
///
/// This machine itself has no share: whoever speaks from it may stand for many, as a proxy does,
/// and could harm the server in better ways.
class SubscriberShares {
 public:
  /// One place of a share, given back when it goes; the shares outlive it.
  class Place {
   public:
    Place(Place&& other) noexcept;
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

   private:
    friend class SubscriberShares;

    Place(SubscriberShares& shares, std::string subscriber)
        : shares_(&shares), subscriber_(std::move(subscriber)) {}

    SubscriberShares* shares_;
    std::string subscriber_;
  };

  explicit SubscriberShares(std::size_t share) : share_(share) {}

  SubscriberShares(const SubscriberShares&) = delete;
  SubscriberShares& operator=(const SubscriberShares&) = delete;
  ~SubscriberShares() = default;

  /// Nothing where the subscriber has its share already.
  std::optional<Place> take(const SocketAddress& peer);

 private:
  std::size_t share_;
  std::map<std::string, std::size_t> taken_;
};

}  // namespace skerry::os
