#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace skerry {

/// Bytes that must not be printed: no stream operator, no conversion, wiped when dropped.
class Secret {
 public:
  Secret() = default;

  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}

  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;

  ~Secret() { wipe(); }

  /// The one way to the bytes, so that every use can be found by this name.
  [[nodiscard]] std::string_view reveal() const { return bytes_; }

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  void wipe();

  std::string bytes_;
};

/// Compares in time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace skerry
