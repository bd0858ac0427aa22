#include <gtest/gtest.h>

#include "base/text.h"
#include "document/codec.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace skerry::wire {
namespace {

Result<Message> round_trip(const Message& message) {
  FrameReader reader;
  reader.feed(encode_message(message));
  return decode_message(*reader.next().value());
}

TEST(Frame, ABeatIsThreeBytes) {
  EXPECT_EQ(to_hex(encode_message(Beat{})), "020001");
}

TEST(Frame, HasGoldenBytes) {
  EXPECT_EQ(to_hex(encode_message(TrustRequest{.version = 5})), "0400020805");
  const Bye bye{.code = "revoked", .retry_after_s = 60};
  EXPECT_EQ(to_hex(encode_message(bye)), "0d000f0a077265766f6b6564183c");
}

TEST(Frame, ReadsAStreamThatComesByteByByte) {
  const std::string bytes = encode_message(TrustRequest{.version = 300}) + encode_message(Beat{});
  FrameReader reader;
  int frames = 0;
  for (const char byte : bytes) {
    reader.feed(std::string_view(&byte, 1));
    while (reader.next().value()) {
      ++frames;
    }
  }
  EXPECT_EQ(frames, 2);
}

TEST(Frame, HoldsNoMemoryOnceAllThatCameWasTaken) {
  FrameReader reader;
  const std::size_t idle = reader.held();
  const std::string large =
      encode_message(Document{.envelope = std::string(100'000, 'x')}) + encode_message(Beat{});
  reader.feed(large);
  EXPECT_GE(reader.held(), large.size());
  while (reader.next().value()) {
  }
  EXPECT_EQ(reader.held(), idle);
}

TEST(Frame, RefusesALengthBeyondTheCapBeforeItsBytesCome) {
  FrameReader reader(100);
  reader.feed("\xFF\x01");
  EXPECT_EQ(reader.next().error().code, bad_frame);
}

TEST(Frame, RefusesAnEndlessLengthAndAFrameWithoutAKind) {
  FrameReader endless;
  endless.feed("\xFF\xFF\xFF\xFF\x01");
  EXPECT_FALSE(endless.next());
  FrameReader empty;
  empty.feed(std::string_view("\x00", 1));
  EXPECT_FALSE(empty.next());
  FrameReader without_kind;
  without_kind.feed(std::string_view("\x01\x00", 2));
  EXPECT_FALSE(without_kind.next());
}

TEST(Frame, RefusesALengthOrChannelThatCouldBeShorter) {
  FrameReader length;
  length.feed(std::string_view("\x82\x00\x00\x01", 4));
  EXPECT_EQ(length.next().error().code, bad_frame);
  FrameReader channel;
  channel.feed(std::string_view("\x03\x80\x00\x01", 4));
  EXPECT_EQ(channel.next().error().code, bad_frame);
}

TEST(Message, ReadsBackWhatWasSaid) {
  AgentHello hello{.protocol = 1, .capabilities = {"a"}, .start = 7, .adopt_mode = true};
  hello.floor = {.term = 1, .seq = 9};
  EXPECT_EQ(std::get<AgentHello>(round_trip(hello).value()), hello);
  const EventBatch batch{.events = {{.number = {.start = 1, .seq = 2}, .code = "gap", .count = 3}}};
  EXPECT_EQ(std::get<EventBatch>(round_trip(batch).value()), batch);
}

TEST(Message, RefusesAnUnknownKindAndAnotherChannel) {
  EXPECT_EQ(decode_message({.kind = 200}).error().code, bad_frame);
  EXPECT_EQ(decode_message({.channel = 3, .kind = 1}).error().code, bad_frame);
}

TEST(Message, RefusesAFieldThisBuildDoesNotKnow) {
  EXPECT_EQ(decode_message({.kind = Beat::kind, .body = "\x08\x01"}).error().code,
            document::capability);
}

}  // namespace
}  // namespace skerry::wire
