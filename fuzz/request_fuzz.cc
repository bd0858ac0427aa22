// What a stranger sends to the API's port. The first byte says in pieces of which size it comes:
// however it is cut, the server sees the same request; and a head that is written out as it was
// read is read as the same again.
#include <algorithm>

#include "fuzz.h"
#include "net/request_parser.h"

namespace skerry::net {
namespace {

using fuzz::require;

constexpr std::size_t body_max = 2048;

/// What became of one request.
struct Read {
  std::optional<ParsedHead> head = {};
  std::string body = {};
  bool complete = false;
  /// The code of the refusal; empty for none.
  std::string refused = {};
  /// Bytes that belong to the request.
  std::size_t used = 0;
};

Read& refuse(Read& read, const Error& error) {
  read.refused = error.code.name;
  return read;
}

Read read_in_pieces(std::string_view bytes, std::size_t piece) {
  Read read;
  std::size_t come = 0;
  Result<std::size_t> end = std::size_t{0};
  while (end && *end == 0 && come < bytes.size()) {
    come = std::min(come + piece, bytes.size());
    end = find_head_end(bytes.substr(0, come));
  }
  if (!end) {
    return refuse(read, end.error());
  }
  if (*end == 0) {
    return read;
  }
  Result<ParsedHead> head = parse_head(bytes.substr(0, *end));
  if (!head) {
    return refuse(read, head.error());
  }
  read.head = *std::move(head);
  Result<BodyReader> body = BodyReader::create(read.head->framing, body_max);
  if (!body) {
    return refuse(read, body.error());
  }
  read.used = *end;
  while (!body->complete() && read.used < bytes.size()) {
    const Result<std::size_t> taken = body->feed(bytes.substr(read.used, piece));
    if (!taken) {
      return refuse(read, taken.error());
    }
    require(*taken != 0);
    read.used += *taken;
  }
  read.complete = body->complete();
  read.body = body->take();
  require(read.body.size() <= body_max);
  return read;
}

void write_again(const RequestHead& head) {
  std::string text = head.method + " " + head.path;
  text += head.query.empty() ? "" : "?" + head.query;
  text += " HTTP/1.1\r\n";
  for (const Header& header : head.headers) {
    text += header.name + ": " + header.value + "\r\n";
  }
  text += "\r\n";
  if (text.size() > head_size_max) {
    return;
  }
  const Result<std::size_t> end = find_head_end(text);
  require(end && *end == text.size());
  const Result<ParsedHead> again = parse_head(text);
  require(again && again->head == head);
}

void try_query(std::string_view query) {
  const Result<std::vector<Header>> parameters = parse_query(query);
  if (!parameters) {
    return;
  }
  std::string text;
  for (const Header& parameter : *parameters) {
    text += text.empty() ? "" : "&";
    text += encode_query(parameter.name) + "=" + encode_query(parameter.value);
  }
  const Result<std::vector<Header>> again = parse_query(text);
  require(again && *again == *parameters);
}

}  // namespace
}  // namespace skerry::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::net;  // NOLINT(google-build-using-namespace): one function.
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes = skerry::fuzz::view_of(data + 1, size - 1);
  const Read whole = read_in_pieces(bytes, std::max<std::size_t>(bytes.size(), 1));
  const Read cut = read_in_pieces(bytes, std::size_t{data[0]} + 1);
  require(whole.refused == cut.refused && whole.complete == cut.complete &&
          whole.head.has_value() == cut.head.has_value());
  require(!whole.refused.empty() || (whole.body == cut.body && whole.used == cut.used));
  if (whole.head) {
    require(whole.head->head == cut.head->head && whole.head->framing == cut.head->framing);
    write_again(whole.head->head);
    try_query(whole.head->head.query);
  }
  return 0;
}
