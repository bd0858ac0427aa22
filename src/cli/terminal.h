#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace skerry::cli {

/// Says that something takes long, unless it is gone before.
class Notice {
 public:
  Notice() = default;
  Notice(const Notice&) = delete;
  Notice& operator=(const Notice&) = delete;
  virtual ~Notice() = default;
};

/// The person or pipe on the other side. Results go to `out`, everything else to `err`.
class Terminal {
 public:
  /// What is read from standard input at most: a body's cap.
  static constexpr std::size_t input_bytes_max = 1024 * 1024UL;

  Terminal() = default;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  virtual ~Terminal() = default;

  virtual void out(std::string_view text) = 0;
  virtual void err(std::string_view text) = 0;

  [[nodiscard]] virtual bool out_is_tty() const = 0;
  [[nodiscard]] virtual bool in_is_tty() const = 0;
  /// Columns of the screen; 0 where there is none.
  [[nodiscard]] virtual std::size_t width() const = 0;

  /// All of standard input; `invalid` beyond `input_bytes_max`.
  virtual Result<std::string> read_input() = 0;
  /// One line, without its end, after a question on `err`.
  virtual Result<std::string> ask(std::string_view question) = 0;
  /// The same without showing what is typed. Needs a terminal.
  virtual Result<Secret> ask_secret(std::string_view question) = 0;

  /// Writes `text`, a literal, to `err` if what it returns still lives after `delay`, where a
  /// person looks on.
  virtual std::unique_ptr<Notice> notice_after(std::chrono::milliseconds delay,
                                               std::string_view text) = 0;
};

}  // namespace skerry::cli
