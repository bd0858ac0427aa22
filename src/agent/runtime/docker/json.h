#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jansson.h>

namespace skerry::agent::docker {

/// A borrowed JSON value, or none. Asking the wrong kind of value gives the empty answer, so that a
/// reply with holes reads as one with defaults; what must be there is checked by its reader.
class JsonView {
 public:
  JsonView() = default;

  explicit JsonView(json_t* value) : value_(value) {}

  [[nodiscard]] JsonView operator[](const char* key) const {
    return JsonView(json_object_get(value_, key));
  }

  /// None beyond the end.
  [[nodiscard]] JsonView at(std::size_t index) const {
    return JsonView(json_array_get(value_, index));
  }

  /// Elements of an array or members of an object; 0 for all else.
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] bool is_object() const { return json_is_object(value_); }

  [[nodiscard]] bool is_array() const { return json_is_array(value_); }

  [[nodiscard]] bool is_text() const { return json_is_string(value_); }

  /// Neither absent nor null.
  [[nodiscard]] bool is_present() const { return value_ != nullptr && !json_is_null(value_); }

  [[nodiscard]] bool truth() const { return json_is_true(value_); }

  [[nodiscard]] std::string text() const;

  /// 0 where it is no whole number; the engine writes "unlimited" as -1 in places.
  [[nodiscard]] std::int64_t number() const { return json_integer_value(value_); }

  /// The number, with all below 0 as 0.
  [[nodiscard]] std::uint64_t count() const;
  /// The strings of an array of strings; other elements are left out.
  [[nodiscard]] std::vector<std::string> texts() const;

  /// Calls `visit(std::string key, JsonView value)` for each member of an object.
  template <class Visit>
  void each_member(Visit&& visit) const {
    const char* key = nullptr;
    json_t* value = nullptr;
    json_object_foreach(value_, key, value) {
      visit(std::string(key), JsonView(value));
    }
  }

  /// Calls `visit(JsonView element)` for each element of an array.
  template <class Visit>
  void each(Visit&& visit) const {
    for (std::size_t index = 0; index < size() && is_array(); ++index) {
      visit(at(index));
    }
  }

  [[nodiscard]] json_t* raw() const { return value_; }

 private:
  json_t* value_ = nullptr;
};

/// An owned JSON value, for building requests and holding replies.
class Json {
 public:
  Json() = default;

  /// Takes over one reference.
  explicit Json(json_t* value) : value_(value) {}

  /// The tree of one whole JSON text, nothing where it is none. The parser recurses and its tree is
  /// many times the text, so whoever calls has bounded both (`JsonFilter`).
  static std::optional<Json> read(std::string_view text);

  static Json object() { return Json(json_object()); }

  static Json array() { return Json(json_array()); }

  static Json array(const std::vector<std::string>& texts);
  static Json text(std::string_view text);

  static Json number(std::uint64_t number);

  static Json signed_number(std::int64_t number) { return Json(json_integer(number)); }

  static Json boolean(bool truth) { return Json(json_boolean(truth)); }

  /// Sets a member; for chaining.
  Json& set(std::string_view key, Json value);
  Json& add(Json value);

  [[nodiscard]] JsonView view() const { return JsonView(value_.get()); }

  [[nodiscard]] bool empty() const { return view().size() == 0; }

  /// Compact, members in the order they were set.
  [[nodiscard]] std::string dump() const;

 private:
  struct Drop {
    void operator()(json_t* value) const { json_decref(value); }
  };

  std::unique_ptr<json_t, Drop> value_;
};

}  // namespace skerry::agent::docker
