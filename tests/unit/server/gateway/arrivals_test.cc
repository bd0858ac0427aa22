#include "server/gateway/arrivals.h"

#include <array>
#include <vector>

#include <sys/socket.h>

#include "server/gateway/site_links.h"
#include "sim/fast_crypto.h"
#include "unit/os/loop_fixture.h"
#include "unit/os/tls_peer.h"

namespace skerry::gateway {
namespace {

os::SocketAddress from(std::string_view host) {
  return os::parse_ip(host, 40'000).value();
}

/// Both ends of a connection, as far as a peer that says nothing can see it.
class Client {
 public:
  Client() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    own_ = os::Descriptor(ends[0]);
    servers = os::Descriptor(ends[1]);
  }

  [[nodiscard]] bool was_ended() const {
    char byte = 0;
    return ::recv(own_.get(), &byte, 1, 0) == 0;
  }

  void hang_up() { own_ = os::Descriptor(); }

  os::Descriptor servers;

 private:
  os::Descriptor own_;
};

class ArrivalsTest : public os::LoopTest {
 protected:
  /// Silent connections from an address.
  std::vector<Client> connect(Arrivals& arrivals, std::string_view host, int count) {
    std::vector<Client> clients(static_cast<std::size_t>(count));
    for (Client& client : clients) {
      arrivals.take(std::move(client.servers), from(host));
    }
    return clients;
  }

  static std::ptrdiff_t ended(const std::vector<Client>& clients) {
    return std::ranges::count_if(clients, &Client::was_ended);
  }

  Arrivals arrivals(Arrivals::Limits limits) {
    return {loop(), limits, [](auto&&...) {}};
  }
};

TEST_F(ArrivalsTest, LeavesRoomForOthersWhereOneAddressSaysNothing) {
  Arrivals all = arrivals({});
  const auto silent = connect(all, "203.0.113.7", 200);
  const auto mapped = connect(all, "::ffff:203.0.113.7", 1);
  const auto other = connect(all, "203.0.113.8", 1);
  EXPECT_EQ(ended(silent), 200 - 64);
  EXPECT_EQ(ended(mapped), 1) << "the same address, as a socket for both kinds shows it";
  EXPECT_EQ(ended(other), 0);
}

TEST_F(ArrivalsTest, TakesTheFrontHalfOfAnIpv6AddressForOnePeer) {
  Arrivals all = arrivals({.per_subscriber_max = 1});
  const auto first = connect(all, "2001:db8:1:2::1", 1);
  const auto same = connect(all, "2001:db8:1:2:ffff::9", 1);
  const auto other = connect(all, "2001:db8:1:3::1", 1);
  EXPECT_EQ(ended(first) + ended(other), 0);
  EXPECT_EQ(ended(same), 1);
}

TEST_F(ArrivalsTest, GivesAPlaceBackWhenItsClientHangsUp) {
  Arrivals all = arrivals({.per_subscriber_max = 1});
  auto first = connect(all, "203.0.113.7", 1);
  first[0].hang_up();
  ASSERT_TRUE(run_until([&] { return ended(connect(all, "203.0.113.7", 1)) == 0; }));
}

TEST_F(ArrivalsTest, BoundsThisMachineByTheWholeAlone) {
  Arrivals all = arrivals({.count_max = 10, .per_subscriber_max = 1});
  EXPECT_EQ(ended(connect(all, "127.0.0.1", 6)), 0);
  EXPECT_EQ(ended(connect(all, "::1", 6)), 2);
}

TEST_F(ArrivalsTest, LeavesLinksForOthersWhereOneAddressNeverGreets) {
  sim::FastCrypto crypto;
  trust::KeyRing keys = trust::make_keys(crypto).value();
  Gateway gateway(Desk{.signers = {.keys = &keys, .crypto = &crypto}});
  const auto links = SiteLinks::create(
      loop(), os::make_test_key(), gateway, {.links_max = 100, .strangers_per_subscriber_max = 30});
  ASSERT_TRUE(links);
  const auto adopt = [&](std::string_view host, int count) {
    std::vector<Client> clients(static_cast<std::size_t>(count));
    for (Client& client : clients) {
      (*links)->adopt(std::move(client.servers), from(host));
    }
    return clients;
  };
  const auto silent = adopt("203.0.113.7", 100);
  const auto other = adopt("203.0.113.8", 1);
  EXPECT_EQ(ended(silent), 75) << "a quarter of the links is the most";
  EXPECT_EQ(ended(other), 0);
}

}  // namespace
}  // namespace skerry::gateway
