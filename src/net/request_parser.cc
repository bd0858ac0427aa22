#include "net/request_parser.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/codes.h"

namespace skerry::net {

namespace {

constexpr std::size_t method_size_max = 16;
constexpr std::size_t target_size_max = 8 * 1024;
/// Hexadecimal digits of a chunk's size: 4 GiB, far above every cap on bodies.
constexpr std::size_t chunk_digits_max = 8;

Error refusal(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::invalid, .code = code, .message = std::move(message)};
}

Error bad(std::string message) {
  return refusal(bad_request, std::move(message));
}

bool is_token_char(char c) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         others.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

/// Headers of which two would be two opinions.
bool is_single(std::string_view name) {
  static constexpr std::array<std::string_view, 9> names{"host",
                                                         "content-length",
                                                         "transfer-encoding",
                                                         "authorization",
                                                         "content-type",
                                                         "if-match",
                                                         "if-none-match",
                                                         "idempotency-key",
                                                         "last-event-id"};
  return std::ranges::find(names, name) != names.end();
}

Status read_target(std::string_view target, RequestHead& head) {
  // Only the origin form: the absolute one names a host a second time.
  const bool printable = std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f; });
  if (target.size() > target_size_max || !target.starts_with('/') || !printable ||
      target.find('#') != std::string_view::npos) {
    return fail(bad("the target is not a path"));
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  head.path = target.substr(0, mark);
  head.query = target.substr(std::min(mark + 1, target.size()));
  return {};
}

Status read_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  const bool upper = std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (first == last || !upper || method.empty() || method.size() > method_size_max) {
    return fail(bad("the first line is not a request"));
  }
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1") {
    const bool known = version.starts_with("HTTP/");
    return fail(refusal(known ? version_unsupported : bad_request, "this is not HTTP/1.1"));
  }
  head.method = method;
  return read_target(line.substr(first + 1, last - first - 1), head);
}

Status read_header(std::string_view line, RequestHead& head) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  // A folded line begins with a space and so has no name either.
  if (colon == line.size() || !is_token(line.substr(0, colon))) {
    return fail(bad("a header has no name"));
  }
  Header header{.name = lower(line.substr(0, colon)),
                .value = std::string(trimmed(line.substr(colon + 1)))};
  if (!std::ranges::all_of(header.value, is_value_char)) {
    return fail(bad("a header holds a control character"));
  }
  if (is_single(header.name) && find_header(head.headers, header.name) != nullptr) {
    return fail(bad("the header " + header.name + " is there twice"));
  }
  if (head.headers.size() == headers_max) {
    return fail(refusal(head_too_large, "there are too many headers"));
  }
  head.headers.push_back(std::move(header));
  return {};
}

Status read_framing(ParsedHead& parsed) {
  const std::string* length = find_header(parsed.head.headers, "content-length");
  const std::string* encoding = find_header(parsed.head.headers, "transfer-encoding");
  if (length != nullptr && encoding != nullptr) {
    return fail(bad("content-length and transfer-encoding are both there"));
  }
  if (encoding != nullptr) {
    if (lower(*encoding) != "chunked") {
      return fail(refusal(not_implemented, "the only transfer-encoding here is chunked"));
    }
    parsed.framing.kind = BodyFraming::Kind::chunked;
  }
  if (length != nullptr) {
    const auto size = parse_unsigned(*length);
    if (!size || length->size() > 19) {
      return fail(bad("content-length is not a number"));
    }
    parsed.framing = {.kind = *size == 0 ? BodyFraming::Kind::none : BodyFraming::Kind::sized,
                      .size = *size};
  }
  const bool may_have_body = parsed.head.method != "GET" && parsed.head.method != "HEAD";
  if (!may_have_body && parsed.framing.kind != BodyFraming::Kind::none) {
    return fail(bad("a " + parsed.head.method + " has no body"));
  }
  return {};
}

Status read_connection(ParsedHead& parsed) {
  const std::string* host = find_header(parsed.head.headers, "host");
  if (host == nullptr || host->empty() || host->find_first_of(" \t,/@") != std::string::npos) {
    return fail(bad("the header host is missing or is not a host"));
  }
  if (const std::string* expect = find_header(parsed.head.headers, "expect")) {
    if (lower(*expect) != "100-continue") {
      return fail(refusal(expectation_failed, "the only expectation here is 100-continue"));
    }
    parsed.expects_continue = true;
  }
  for (const Header& header : parsed.head.headers) {
    if (header.name == "connection") {
      for (const std::string_view part : split(header.value, ',')) {
        parsed.keep_alive = parsed.keep_alive && lower(trimmed(part)) != "close";
      }
    }
  }
  return {};
}

}  // namespace

Result<std::size_t> find_head_end(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, head_size_max);
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    const bool ends_line = c == '\n' && i > 0 && head[i - 1] == '\r';
    if (ends_line && i >= 3 && head.substr(i - 3, 4) == "\r\n\r\n") {
      return i + 1;
    }
    const bool cut_return = i > 0 && head[i - 1] == '\r' && c != '\n';
    if (cut_return || (c == '\n' && !ends_line) || (c != '\n' && c != '\r' && !is_value_char(c)) ||
        (c == '\r' && i == 0)) {
      return fail(bad("a control character stands where none may"));
    }
  }
  if (bytes.size() >= head_size_max) {
    return fail(refusal(head_too_large, "the head is larger than 16 KiB"));
  }
  return std::size_t{0};
}

Result<ParsedHead> parse_head(std::string_view text) {
  ParsedHead parsed;
  bool first = true;
  while (text.size() > 2) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    SKERRY_CHECK(first ? read_request_line(line, parsed.head) : read_header(line, parsed.head));
    text.remove_prefix(std::min(end + 2, text.size()));
    first = false;
  }
  if (first || text != "\r\n") {
    return fail(bad("the head is not whole"));
  }
  SKERRY_CHECK(read_framing(parsed));
  SKERRY_CHECK(read_connection(parsed));
  return parsed;
}

Result<BodyReader> BodyReader::create(const BodyFraming& framing, std::size_t size_max) {
  if (framing.size > size_max) {
    return fail(
        refusal(body_too_large, "the body is larger than " + std::to_string(size_max) + " bytes"));
  }
  return BodyReader(framing, size_max);
}

BodyReader::BodyReader(const BodyFraming& framing, std::size_t size_max)
    : chunked_(framing.kind == BodyFraming::Kind::chunked),
      size_max_(size_max),
      left_(framing.size),
      state_(framing.kind == BodyFraming::Kind::none ? State::complete
             : chunked_                              ? State::chunk_size
                                                     : State::data) {}

Result<std::size_t> BodyReader::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::complete) {
    const std::string_view rest = bytes.substr(used);
    Result<std::size_t> taken = state_ == State::data         ? take_data(rest)
                                : state_ == State::chunk_size ? take_chunk_size(rest)
                                                              : take_line_end(rest);
    SKERRY_TRY(const std::size_t size, std::move(taken));
    used += size;
  }
  return used;
}

Result<std::size_t> BodyReader::take_data(std::string_view bytes) {
  const std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
  if (piece.size() > size_max_ - body_.size()) {
    return fail(
        refusal(body_too_large, "the body is larger than " + std::to_string(size_max_) + " bytes"));
  }
  body_.append(piece);
  left_ -= piece.size();
  if (left_ == 0) {
    state_ = chunked_ ? State::chunk_end : State::complete;
  }
  return piece.size();
}

/// One byte at a time: the line is short. No extensions, no white space.
Result<std::size_t> BodyReader::take_chunk_size(std::string_view bytes) {
  line_ += bytes.front();
  if (!line_.ends_with("\r\n")) {
    const bool digit =
        std::string_view("0123456789abcdefABCDEF").find(line_.back()) != std::string_view::npos;
    const bool line_end = line_.back() == '\r' && line_.size() > 1;
    if ((!digit && !line_end) || line_.size() > chunk_digits_max + 1 ||
        (line_.size() > 1 && line_[line_.size() - 2] == '\r')) {
      return fail(bad("a chunk has no size"));
    }
    return std::size_t{1};
  }
  left_ = std::stoull(line_.substr(0, line_.size() - 2), nullptr, 16);
  if (left_ > size_max_ - body_.size()) {
    return fail(
        refusal(body_too_large, "the body is larger than " + std::to_string(size_max_) + " bytes"));
  }
  line_.clear();
  // The last chunk is followed by an empty line: trailers are refused.
  state_ = left_ == 0 ? State::last_end : State::data;
  return std::size_t{1};
}

Result<std::size_t> BodyReader::take_line_end(std::string_view bytes) {
  line_ += bytes.front();
  if (line_ != std::string_view("\r\n").substr(0, line_.size())) {
    return fail(bad("a chunk does not end where it said"));
  }
  if (line_.size() == 2) {
    line_.clear();
    state_ = state_ == State::last_end ? State::complete : State::chunk_size;
  }
  return std::size_t{1};
}

}  // namespace skerry::net
