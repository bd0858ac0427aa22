#include "net/request_parser.h"

#include <gtest/gtest.h>

#include "net/codes.h"

namespace skerry::net {
namespace {

/// What becomes of a whole head: "ok", or the code of the refusal.
std::string verdict(std::string_view bytes) {
  const Result<std::size_t> end = find_head_end(bytes);
  if (!end) {
    return std::string(end.error().code.name);
  }
  if (*end == 0) {
    return "more";
  }
  const Result<ParsedHead> parsed = parse_head(bytes.substr(0, *end));
  return parsed ? "ok" : std::string(parsed.error().code.name);
}

std::string with(std::string_view headers) {
  return "POST /a HTTP/1.1\r\nhost: x\r\n" + std::string(headers) + "\r\n";
}

TEST(RequestHead, ReadsWhatBrowsersAndCurlSend) {
  const std::string text =
      "GET /api/v1/stacks?limit=2&q=a HTTP/1.1\r\nHost: edge.example:443\r\n"
      "User-Agent: curl/7.88\r\nAccept: */*\r\nX-Empty:\r\n\r\n";
  ASSERT_EQ(find_head_end(text).value(), text.size());
  const ParsedHead parsed = parse_head(text).value();
  EXPECT_EQ(parsed.head.method, "GET");
  EXPECT_EQ(parsed.head.path, "/api/v1/stacks");
  EXPECT_EQ(parsed.head.query, "limit=2&q=a");
  EXPECT_EQ(*find_header(parsed.head.headers, "host"), "edge.example:443");
  EXPECT_EQ(*find_header(parsed.head.headers, "x-empty"), "");
  EXPECT_TRUE(parsed.keep_alive);
  EXPECT_EQ(parsed.framing, BodyFraming{});
}

TEST(RequestHead, WaitsForTheEmptyLine) {
  const std::string text = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(verdict(text.substr(0, i)), "more") << i;
  }
  EXPECT_EQ(verdict(text + "GET"), "ok");
}

TEST(RequestHead, TellsHowTheBodyIsDelimited) {
  EXPECT_EQ(parse_head(with("content-length: 12\r\n"))->framing,
            (BodyFraming{.kind = BodyFraming::Kind::sized, .size = 12}));
  EXPECT_EQ(parse_head(with("Transfer-Encoding: chunked\r\n"))->framing.kind,
            BodyFraming::Kind::chunked);
  EXPECT_EQ(parse_head(with("content-length: 0\r\n"))->framing, BodyFraming{});
}

TEST(RequestHead, RefusesEveryAmbiguityAboutTheBody) {
  EXPECT_EQ(verdict(with("content-length: 3\r\ntransfer-encoding: chunked\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("transfer-encoding: chunked\r\ncontent-length: 3\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length: 3\r\ncontent-length: 3\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length: 3, 3\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length: +3\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length: 0x3\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length: -1\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length:\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("content-length: 99999999999999999999\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("transfer-encoding: chunked, chunked\r\n")), "not_implemented");
  EXPECT_EQ(verdict(with("transfer-encoding: gzip\r\n")), "not_implemented");
  EXPECT_EQ(verdict(with("transfer-encoding: xchunked\r\n")), "not_implemented");
  EXPECT_EQ(verdict(with("transfer-encoding: chunked\r\ntransfer-encoding: x\r\n")), "bad_request");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n"), "bad_request");
}

TEST(RequestHead, RefusesWhatTwoReadersSplitDifferently) {
  EXPECT_EQ(verdict("GET / HTTP/1.1\nhost: x\n\n"), "bad_request");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\na: b\nc: d\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\na: b\rc: d\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict(with("a: b\r\n folded\r\n")), "bad_request");
  EXPECT_EQ(verdict(with(" a: b\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("a : b\r\n")), "bad_request");
  EXPECT_EQ(verdict(with(": b\r\n")), "bad_request");
  EXPECT_EQ(verdict(with("a\r\n")), "bad_request");
  EXPECT_EQ(verdict(with(std::string("a: b\0c\r\n", 8))), "bad_request");
  EXPECT_EQ(verdict("\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
}

TEST(RequestHead, RefusesATargetThatIsNotAPath) {
  EXPECT_EQ(verdict("GET http://x/ HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET /a b HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET /a#b HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET /\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("get / HTTP/1.1\r\nhost: x\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET /\r\n\r\n"), "bad_request");
}

TEST(RequestHead, RefusesOtherVersionsHostsAndExpectations) {
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\nhost: x\r\n\r\n"), "version_unsupported");
  EXPECT_EQ(verdict("GET / HTTP/2.0\r\nhost: x\r\n\r\n"), "version_unsupported");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: a, b\r\n\r\n"), "bad_request");
  EXPECT_EQ(verdict(with("expect: 200-ok\r\n")), "expectation_failed");
  EXPECT_EQ(verdict(with("authorization: a\r\nauthorization: b\r\n")), "bad_request");
}

TEST(RequestHead, HasACapOnSizeAndCount) {
  EXPECT_EQ(verdict(with("a: " + std::string(20'000, 'x') + "\r\n")), "head_too_large");
  EXPECT_EQ(verdict("GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nhost: x\r\n\r\n"),
            "bad_request");
  std::string many;
  for (int i = 0; i < 101; ++i) {
    many += "a: b\r\n";
  }
  EXPECT_EQ(verdict(with(many)), "head_too_large");
  EXPECT_EQ(verdict(std::string(16 * 1024, 'A')), "head_too_large");
}

/// The body a chunked text makes, or the code of the refusal; fed in pieces of `step` bytes.
std::string chunked(std::string_view text, std::size_t step, std::size_t size_max = 1000) {
  BodyReader reader = BodyReader::create({.kind = BodyFraming::Kind::chunked}, size_max).value();
  for (std::size_t i = 0; i < text.size(); i += step) {
    const Result<std::size_t> used = reader.feed(text.substr(i, step));
    if (!used) {
      return std::string(used.error().code.name);
    }
  }
  return reader.complete() ? reader.take() : "more";
}

TEST(RequestBody, IsJoinedFromItsChunksHoweverTheyArrive) {
  const std::string_view text = "5\r\nhello\r\n1\r\n \r\n00a\r\n0123456789\r\n0\r\n\r\n";
  EXPECT_EQ(chunked(text, 1), "hello 0123456789");
  EXPECT_EQ(chunked(text, 7), "hello 0123456789");
  EXPECT_EQ(chunked(text, 1000), "hello 0123456789");
}

TEST(RequestBody, RefusesChunksThatAreNotExact) {
  EXPECT_EQ(chunked("5;a=b\r\nhello\r\n0\r\n\r\n", 100), "bad_request");
  EXPECT_EQ(chunked("5 \r\nhello\r\n0\r\n\r\n", 100), "bad_request");
  EXPECT_EQ(chunked("5\nhello\n0\n\n", 100), "bad_request");
  EXPECT_EQ(chunked("\r\nhello", 100), "bad_request");
  EXPECT_EQ(chunked("-1\r\nhello", 100), "bad_request");
  EXPECT_EQ(chunked("0x5\r\nhello", 100), "bad_request");
  EXPECT_EQ(chunked("4\r\nhello\r\n0\r\n\r\n", 100), "bad_request");
  EXPECT_EQ(chunked("0\r\ntrailer: x\r\n\r\n", 100), "bad_request");
  EXPECT_EQ(chunked("fffffffff\r\n", 100), "bad_request");
  EXPECT_EQ(chunked("5\r\nhello\r\n", 100), "more");
}

TEST(RequestBody, StopsAtItsCap) {
  EXPECT_EQ(chunked("ffffffff\r\n", 100), "body_too_large");
  EXPECT_EQ(chunked("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 1, 9), "body_too_large");
  EXPECT_EQ(chunked("5\r\nhello\r\n4\r\nworl\r\n0\r\n\r\n", 1, 9), "helloworl");
  const BodyFraming announced{.kind = BodyFraming::Kind::sized, .size = 10};
  EXPECT_EQ(BodyReader::create(announced, 9).error().code, body_too_large);
}

TEST(RequestBody, LeavesTheNextRequestAlone) {
  BodyReader reader =
      BodyReader::create({.kind = BodyFraming::Kind::sized, .size = 4}, 100).value();
  EXPECT_EQ(reader.feed("bodyGET /").value(), 4U);
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.take(), "body");
}

TEST(Query, IsDecodedStrictly) {
  const auto parameters = parse_query("a=1&b=x%20y+z&c&d=").value();
  EXPECT_EQ(parameters, (std::vector<Header>{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"d", ""}}));
  EXPECT_FALSE(parse_query("a=%2"));
  EXPECT_FALSE(parse_query("a=%zz"));
  EXPECT_FALSE(parse_query("a=%00"));
  EXPECT_FALSE(parse_query("a=%ff"));
  EXPECT_EQ(parse_query(encode_query("k") + "=" + encode_query("a b&c=é")).value().front().value,
            "a b&c=é");
}

}  // namespace
}  // namespace skerry::net
