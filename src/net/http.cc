#include "net/http.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "net/codes.h"

namespace skerry::net {

namespace {

constexpr std::size_t parameters_max = 64;

Result<std::string> decode_part(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const Result<std::string> byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1 || byte->front() == '\0') {
        return fail({.kind = ErrorKind::invalid,
                     .code = bad_request,
                     .message = "the query has a broken escape"});
      }
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  if (!is_utf8(out)) {
    return fail(
        {.kind = ErrorKind::invalid, .code = bad_request, .message = "the query is not UTF-8"});
  }
  return out;
}

}  // namespace

const std::string* find_header(const std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? nullptr : &found->value;
}

std::string http_date(WallTime time) {
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 80> text{};
  const int size = std::snprintf(text.data(),
                                 text.size(),
                                 "%s, %02u %s %04d %02d:%02d:%02d GMT",
                                 days[std::chrono::weekday(day).c_encoding()],
                                 static_cast<unsigned>(date.day()),
                                 months[static_cast<unsigned>(date.month()) - 1],
                                 static_cast<int>(date.year()),
                                 static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()),
                                 static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string_view reason_phrase(unsigned status) {
  static constexpr std::array<std::pair<unsigned, std::string_view>, 30> phrases{{
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  }};
  const auto* found =
      std::ranges::find(phrases, status, &std::pair<unsigned, std::string_view>::first);
  return found == phrases.end() ? "Unknown" : found->second;
}

unsigned status_of(const ErrorCode& code) {
  const std::array<std::pair<ErrorCode, unsigned>, 8> statuses{{{bad_request, 400},
                                                                {head_too_large, 431},
                                                                {body_too_large, 413},
                                                                {request_timeout, 408},
                                                                {expectation_failed, 417},
                                                                {not_implemented, 501},
                                                                {version_unsupported, 505},
                                                                {overloaded, 503}}};
  const auto* found = std::ranges::find(statuses, code, &std::pair<ErrorCode, unsigned>::first);
  return found == statuses.end() ? 500 : found->second;
}

Response problem_response(const Error& error) {
  Response response{.status = status_of(error.code)};
  std::string& body = response.body;
  body = R"({"type":"about:blank","title":)";
  append_json_string(body, reason_phrase(response.status));
  body += ",\"status\":" + std::to_string(response.status) + ",\"detail\":";
  append_json_string(body, error.message);
  body += ",\"code\":";
  append_json_string(body, error.code.name);
  body += '}';
  response.headers = {{"content-type", "application/problem+json"}};
  return response;
}

Result<std::vector<Header>> parse_query(std::string_view query) {
  std::vector<Header> parameters;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    SKERRY_TRY(std::string name, decode_part(part.substr(0, equals)));
    SKERRY_TRY(std::string value, decode_part(part.substr(std::min(equals + 1, part.size()))));
    parameters.push_back({std::move(name), std::move(value)});
    if (parameters.size() > parameters_max) {
      return fail({.kind = ErrorKind::invalid,
                   .code = bad_request,
                   .message = "the query has too many parameters"});
    }
  }
  return parameters;
}

std::string encode_query(std::string_view text) {
  static constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%' + to_hex(std::string_view(&c, 1));
    }
  }
  return out;
}

}  // namespace skerry::net
