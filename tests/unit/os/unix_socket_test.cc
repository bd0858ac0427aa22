#include "os/unix_socket.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/codes.h"
#include "os/stream.h"
#include "os/unix_address.h"
#include "unit/os/loop_fixture.h"
#include "unit/os/temporary_directory.h"
#include "unit/os/tls_peer.h"

namespace skerry::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class UnixSocket : public LoopTest {
 protected:
  std::string path() const { return directory_.path() + "/agent.sock"; }

  std::unique_ptr<UnixListener> listen(UnixListener::Allowed allowed = is_root_or_self) {
    auto made = UnixListener::create(
        loop(), path(), std::move(allowed), [this](Descriptor socket, const PeerCredentials& peer) {
          peer_ = peer;
          stream_ = *open_plain_stream(loop(), std::move(socket), recorder_, {});
          recorder_.echo = stream_.get();
        });
    EXPECT_TRUE(made.has_value()) << to_string(made.error());
    return std::move(*made);
  }

  TemporaryDirectory directory_;
  Recorder recorder_;
  std::optional<PeerCredentials> peer_;
  std::unique_ptr<Stream> stream_;
};

TEST_F(UnixSocket, AnswersACommandLineProgram) {
  const auto listener = listen();
  std::string answer;
  std::thread program([&] {
    auto client = UnixClient::connect(path(), seconds(20));
    ASSERT_TRUE(client.has_value());
    ASSERT_TRUE(client->send("status").has_value());
    answer = client->receive(100).value_or("nothing");
  });
  EXPECT_TRUE(run_until([&] { return recorder_.closed == 1; }));
  program.join();
  EXPECT_EQ(answer, "status");
  ASSERT_TRUE(peer_.has_value());
  EXPECT_EQ(peer_->user, ::geteuid());
  EXPECT_EQ(peer_->process, ::getpid());
}

TEST_F(UnixSocket, TurnsAwayWhomTheKernelNamesAsAnother) {
  const auto listener = listen([](const PeerCredentials&) { return false; });
  auto client = UnixClient::connect(path(), seconds(20));
  ASSERT_TRUE(client.has_value());
  EXPECT_TRUE(run_until([&] { return listener->refused() == 1; }));
  EXPECT_EQ(client->receive(100).value(), "");
  EXPECT_FALSE(peer_.has_value());
  EXPECT_FALSE(is_root_or_self({.user = ::geteuid() + 1}));
  EXPECT_TRUE(is_root_or_self({.user = 0}));
}

TEST_F(UnixSocket, IsItsOwnersAloneAndGoneAfterwards) {
  struct stat status {};

  {
    const auto listener = listen();
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
  EXPECT_NE(::stat(path().c_str(), &status), 0);
}

TEST_F(UnixSocket, ReplacesASocketLeftOverButNoOtherFile) {
  ASSERT_TRUE(listen_unix(path(), 0600).has_value());  // Dropped, the file stays.
  EXPECT_EQ(UnixClient::connect(path(), seconds(1)).error().code, connect_failed);
  const auto listener = listen();
  EXPECT_TRUE(UnixClient::connect(path(), seconds(1)).has_value());

  const std::string file = directory_.path() + "/precious";
  std::ofstream(file) << "data";
  EXPECT_FALSE(UnixListener::create(loop(), file, [](Descriptor, const auto&) {}).has_value());
  EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

TEST_F(UnixSocket, LeavesASocketThatSomebodyListensOn) {
  const auto first = listen();
  const auto second =
      UnixListener::create(loop(), path(), [](Descriptor, const PeerCredentials&) {});
  EXPECT_FALSE(second.has_value());
  EXPECT_TRUE(UnixClient::connect(path(), seconds(20)).has_value());
}

TEST_F(UnixSocket, AClientDoesNotWaitForEver) {
  const auto listener = listen_unix(path(), 0600);
  auto client = UnixClient::connect(path(), milliseconds(20));
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(client->receive(10).error().code, timed_out);
  EXPECT_EQ(client->send(std::string(std::size_t{8} * 1024 * 1024, 'x')).error().code, timed_out);
}

TEST_F(UnixSocket, RefusesAPathThatDoesNotFit) {
  EXPECT_EQ(connect_unix(std::string(200, 'x')).error().code, address_invalid);
  EXPECT_EQ(connect_unix("").error().code, address_invalid);
}

TEST_F(UnixSocket, HoldsNoMoreForAPeerThatAlwaysLags) {
  const auto listener = listen();
  auto client = UnixClient::connect(path(), seconds(20));
  ASSERT_TRUE(client.has_value());
  ASSERT_TRUE(client->send("hello").has_value());
  ASSERT_TRUE(run_until([&] { return recorder_.received == "hello"; }));
  constexpr std::size_t queue_max = std::size_t{1024} * 1024;
  const std::string chunk(std::size_t{64} * 1024, 'x');
  std::size_t held_max = 0;
  for (std::size_t read = 0; read < 16 * queue_max;) {
    while (stream_->queued() + chunk.size() <= queue_max) {
      ASSERT_TRUE(stream_->send(chunk).has_value());
    }
    held_max = std::max(held_max, stream_->held());
    read += client->receive(chunk.size()).value().size();
    loop().run_once(milliseconds(0));
    ASSERT_GT(stream_->queued(), 0U) << "or the peer did not lag";
  }
  EXPECT_LE(held_max, 2 * queue_max + chunk.size());
}

TEST_F(UnixSocket, HoldsNothingOnceThePeerHasTakenAll) {
  const auto listener = listen();
  auto client = UnixClient::connect(path(), seconds(20));
  ASSERT_TRUE(client.has_value());
  ASSERT_TRUE(client->send("hello").has_value());
  ASSERT_TRUE(run_until([&] { return recorder_.received == "hello"; }));
  const std::size_t idle = ::mallinfo2().uordblks;
  constexpr std::size_t size = std::size_t{1000} * 1024;
  ASSERT_TRUE(stream_->send(std::string(size, 'x')).has_value());
  const std::size_t all = size + 5;  // The echo of what it said.
  std::size_t taken = 0;
  ASSERT_TRUE(run_until([&] {
    taken += taken < all ? client->receive(size).value().size() : 0;
    return taken == all && stream_->queued() == 0;
  }));
  EXPECT_LT(::mallinfo2().uordblks, idle + size / 4);
}

}  // namespace
}  // namespace skerry::os
