#include "golden.h"

#include <gtest/gtest.h>

#include "document/codec.h"

namespace skerry::document {
namespace {

/// Both ways: what we write is what was always written, and what was written is still read.
template <class T>
void expect_golden(const std::string& name, const T& value) {
  const std::string bytes = golden::bytes_of(name);
  EXPECT_EQ(to_hex(encode(value)), to_hex(bytes)) << name;
  const Result<T> read = decode<T>(bytes);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_TRUE(*read == value) << name;
}

TEST(GoldenBytes, OfTrust) {
  expect_golden("trust", golden::trust());
}

TEST(GoldenBytes, OfACharter) {
  expect_golden("charter", golden::charter());
}

TEST(GoldenBytes, OfARekey) {
  expect_golden("rekey", golden::rekey());
}

TEST(GoldenBytes, OfAManifest) {
  expect_golden("manifest", golden::manifest());
}

TEST(GoldenBytes, OfARelease) {
  expect_golden("release", golden::release());
}

TEST(GoldenBytes, OfAReport) {
  expect_golden("report", golden::report());
}

TEST(GoldenBytes, OfAnEvent) {
  expect_golden("event", golden::event());
}

}  // namespace
}  // namespace skerry::document
