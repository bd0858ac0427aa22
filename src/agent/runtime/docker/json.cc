#include "agent/runtime/docker/json.h"

#include <algorithm>

#include "base/assert.h"

namespace skerry::agent::docker {

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

std::optional<Json> Json::read(std::string_view text) {
  json_error_t error;
  // NUL stands in health check output, and refusing it would hide the whole container.
  json_t* const value = json_loadb(text.data(), text.size(), JSON_ALLOW_NUL, &error);
  return value == nullptr ? std::nullopt : std::optional(Json(value));
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

}  // namespace skerry::agent::docker
