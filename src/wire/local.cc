#include "wire/local.h"

#include "document/codec.h"
#include "wire/frame.h"

namespace skerry::wire {
namespace {

template <class T>
std::string encode(const T& message) {
  std::string out;
  append_frame(out, 0, T::kind, document::encode(message));
  return out;
}

template <class T>
Result<T> decode(std::uint8_t kind, std::string_view body) {
  if (kind != T::kind) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_frame,
                 .message = "unexpected message kind " + std::to_string(kind)});
  }
  return document::decode<T>(body);
}

}  // namespace

std::string encode_local(const LocalRequest& request) {
  return encode(request);
}

std::string encode_local(const LocalReply& reply) {
  return encode(reply);
}

Result<LocalRequest> decode_local_request(std::uint8_t kind, std::string_view body) {
  return decode<LocalRequest>(kind, body);
}

Result<LocalReply> decode_local_reply(std::uint8_t kind, std::string_view body) {
  return decode<LocalReply>(kind, body);
}

}  // namespace skerry::wire
