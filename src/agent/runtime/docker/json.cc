#include "agent/runtime/docker/json.h"

#include <algorithm>
#include <cstdlib>

#include "agent/runtime/docker/codes.h"
#include "base/assert.h"

namespace skerry::agent::docker {
namespace {

/// How deep arrays and objects are nested, counted without building anything.
std::size_t nesting(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_text = false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char byte = text[index];
    if (in_text) {
      index += byte == '\\' ? 1 : 0;
      in_text = byte != '"';
    } else if (byte == '"') {
      in_text = true;
    } else if (byte == '{' || byte == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((byte == '}' || byte == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

std::size_t JsonView::size() const {
  return is_array() ? json_array_size(value_) : json_object_size(value_);
}

std::string JsonView::text() const {
  return is_text() ? std::string(json_string_value(value_), json_string_length(value_)) : "";
}

std::uint64_t JsonView::count() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number()));
}

std::vector<std::string> JsonView::texts() const {
  std::vector<std::string> out;
  each([&](JsonView element) {
    if (element.is_text()) {
      out.push_back(element.text());
    }
  });
  return out;
}

Json Json::array(const std::vector<std::string>& texts) {
  Json out = array();
  for (const auto& element : texts) {
    out.add(text(element));
  }
  return out;
}

Json Json::text(std::string_view text) {
  json_t* const value = json_stringn(text.data(), text.size());
  // Not UTF-8: nothing in the typed model may be, so what remains is marked and never a crash.
  return Json(value != nullptr ? value : json_string("\xEF\xBF\xBD"));
}

Json Json::number(std::uint64_t number) {
  constexpr std::uint64_t most = INT64_MAX;
  return Json(json_integer(static_cast<json_int_t>(std::min(number, most))));
}

Json& Json::set(std::string_view key, Json value) {
  json_object_setn_new(value_.get(), key.data(), key.size(), value.value_.release());
  return *this;
}

Json& Json::add(Json value) {
  json_array_append_new(value_.get(), value.value_.release());
  return *this;
}

std::string Json::dump() const {
  std::string out;
  const auto append = [](const char* bytes, std::size_t size, void* to) {
    static_cast<std::string*>(to)->append(bytes, size);
    return 0;
  };
  const int failed = json_dump_callback(value_.get(), append, &out, JSON_COMPACT | JSON_ENCODE_ANY);
  SKERRY_ASSERT(failed == 0);
  return out;
}

Result<Json> parse_json(std::string_view text) {
  if (nesting(text) > json_depth_max) {
    return fail({.kind = ErrorKind::invalid,
                 .code = runtime_reply_invalid,
                 .message = "the engine's reply is nested too deep"});
  }
  json_error_t error;
  // NUL stands in health check output, and refusing it would hide the whole container.
  json_t* const value = json_loadb(text.data(), text.size(), JSON_ALLOW_NUL, &error);
  if (value == nullptr) {
    return fail(
        {.kind = ErrorKind::invalid,
         .code = runtime_reply_invalid,
         .message = "the engine's reply is not JSON at byte " + std::to_string(error.position)});
  }
  return Json(value);
}

}  // namespace skerry::agent::docker
