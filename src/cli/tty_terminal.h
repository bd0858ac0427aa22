#pragma once

#include "cli/terminal.h"

namespace skerry::cli {

/// The process's own standard input, output and error.
class TtyTerminal final : public Terminal {
 public:
  void out(std::string_view text) override;
  void err(std::string_view text) override;
  [[nodiscard]] bool out_is_tty() const override;
  [[nodiscard]] bool in_is_tty() const override;
  [[nodiscard]] std::size_t width() const override;
  Result<std::string> read_input() override;
  Result<std::string> ask(std::string_view question) override;
  Result<Secret> ask_secret(std::string_view question) override;
  std::unique_ptr<Notice> notice_after(std::chrono::milliseconds delay,
                                       std::string_view text) override;
};

/// On Ctrl-C: shows typed text again where it was hidden, says so, and ends with 130.
void end_on_interrupt();

}  // namespace skerry::cli
