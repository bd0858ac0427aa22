#include "os/client_hello.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "os/codes.h"
#include "os/openssl_handle.h"

namespace skerry::os {
namespace {

using testing::ElementsAre;

struct Wanted {
  std::string protocols = {};  // As on the wire.
  std::string server_name = {};
  bool is_large = false;
};

/// The first flight of a real OpenSSL client.
std::string openssl_hello(const Wanted& wanted) {
  const SslContext context(SSL_CTX_new(TLS_client_method()));
  const SslSession session(SSL_new(context.get()));
  SSL_set_bio(session.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (!wanted.protocols.empty()) {
    SSL_set_alpn_protos(session.get(),
                        reinterpret_cast<const unsigned char*>(wanted.protocols.data()),
                        static_cast<unsigned int>(wanted.protocols.size()));
  }
  if (!wanted.server_name.empty()) {
    SSL_set_tlsext_host_name(session.get(), wanted.server_name.c_str());
  }
  if (wanted.is_large) {
    SSL_set_max_send_fragment(session.get(), 512);
  }
  SSL_set_connect_state(session.get());
  SSL_do_handshake(session.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(session.get()), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string number(std::size_t value, int size) {
  std::string text;
  for (int i = size - 1; i >= 0; --i) {
    text += static_cast<char>((value >> (8 * i)) & 0xff);
  }
  return text;
}

/// Puts a handshake message into one record.
std::string in_record(const std::string& message) {
  return "\x16\x03\x01" + number(message.size(), 2) + message;
}

std::string hello_with(const std::string& extensions) {
  const std::string body = "\x03\x03" + std::string(32, 'r') + number(0, 1) + number(2, 2) +
                           "\x13\x01" + number(1, 1) + number(0, 1) + number(extensions.size(), 2) +
                           extensions;
  return "\x01" + number(body.size(), 3) + body;
}

std::string extension(std::size_t type, const std::string& body) {
  return number(type, 2) + number(body.size(), 2) + body;
}

std::string protocol_list(const std::string& wire) {
  return extension(16, number(wire.size(), 2) + wire);
}

ErrorCode error_of(const std::string& bytes) {
  const auto parsed = parse_client_hello(bytes);
  return parsed ? ErrorCode{"none"} : parsed.error().code;
}

TEST(ClientHello, ReadsTheProtocolsOfARealClient) {
  const auto hello = parse_client_hello(
      openssl_hello({.protocols = "\x08skerry/1\x02h2", .server_name = "hub.example"}));
  ASSERT_TRUE(hello.has_value());
  ASSERT_TRUE(hello->has_value());
  EXPECT_THAT((*hello)->protocols, ElementsAre("skerry/1", "h2"));
  EXPECT_EQ((*hello)->server_name, "hub.example");
  EXPECT_TRUE((*hello)->offers("h2"));
  EXPECT_FALSE((*hello)->offers("skerry"));
}

TEST(ClientHello, TakesAClientThatOffersNothing) {
  const auto hello = parse_client_hello(openssl_hello({}));
  ASSERT_TRUE(hello.has_value() && hello->has_value());
  EXPECT_TRUE((*hello)->protocols.empty());
  EXPECT_EQ((*hello)->server_name, "");
}

TEST(ClientHello, WaitsForMoreAtEveryCutOfARealHello) {
  const std::string whole = openssl_hello({.protocols = "\x08skerry/1"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = parse_client_hello(whole.substr(0, size));
    ASSERT_TRUE(part.has_value()) << size << part.error().message;
    ASSERT_FALSE(part->has_value()) << size;
  }
  EXPECT_TRUE(parse_client_hello(whole)->has_value());
  EXPECT_TRUE(parse_client_hello(whole + "what follows")->has_value());
}

TEST(ClientHello, JoinsAHelloThatComesInManyRecords) {
  const std::string message = hello_with(protocol_list("\x08skerry/1"));
  std::string bytes;
  for (const char c : message) {
    bytes += in_record(std::string(1, c));
  }
  EXPECT_FALSE(parse_client_hello(bytes.substr(0, bytes.size() - 1))->has_value());
  const auto hello = parse_client_hello(bytes);
  ASSERT_TRUE(hello.has_value() && hello->has_value());
  EXPECT_THAT((*hello)->protocols, ElementsAre("skerry/1"));
}

TEST(ClientHello, RefusesWhatIsNotTlsAtItsFirstBytes) {
  EXPECT_EQ(error_of("G"), protocol_violation);
  EXPECT_EQ(error_of("\x16\x02"), protocol_violation);
  EXPECT_EQ(error_of(std::string("\x80\x2e\x01\x00", 4)), protocol_violation);
  EXPECT_EQ(error_of(in_record("\x02")), protocol_violation);
}

TEST(ClientHello, RefusesImpossibleLengths) {
  EXPECT_EQ(error_of(std::string("\x16\x03\x01\x00\x00", 5)), protocol_violation);
  EXPECT_EQ(error_of("\x16\x03\x01\xff\xff"), protocol_violation);
  EXPECT_EQ(error_of(in_record("\x01\xff\xff\xff")), too_large);
}

TEST(ClientHello, RefusesAHelloThatStaysIncompleteBeyondTheCap) {
  std::string bytes;
  while (bytes.size() < client_hello_size_max) {
    bytes += in_record("\x01" + number(client_hello_size_max - 4, 3));
  }
  EXPECT_EQ(error_of(bytes), too_large);
}

TEST(ClientHello, RefusesBrokenExtensions) {
  EXPECT_EQ(error_of(in_record(hello_with(protocol_list("")))), protocol_violation);
  EXPECT_EQ(error_of(in_record(hello_with(protocol_list(std::string("\x00", 1))))),
            protocol_violation);
  EXPECT_EQ(error_of(in_record(hello_with(protocol_list("\x09skerry/1")))), protocol_violation);
  EXPECT_EQ(error_of(in_record(hello_with(extension(16, "\x01")))), protocol_violation);
  const std::string twice = protocol_list("\x02h2") + protocol_list("\x08skerry/1");
  EXPECT_EQ(error_of(in_record(hello_with(twice))), protocol_violation);
  std::string trailing = hello_with(protocol_list("\x02h2"));
  trailing += "x";
  trailing[3] = static_cast<char>(trailing[3] + 1);
  EXPECT_EQ(error_of(in_record(trailing)), protocol_violation);
}

TEST(ClientHello, NeverTrustsAFlippedByte) {
  const std::string whole = openssl_hello({.protocols = "\x08skerry/1", .server_name = "a.b"});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char bits : {'\x01', '\x80', '\xff'}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ bits);
      const auto hello = parse_client_hello(changed);
      if (hello && hello->has_value()) {
        ASSERT_LE((*hello)->protocols.size(), 32U);
      }
    }
  }
}

}  // namespace
}  // namespace skerry::os
