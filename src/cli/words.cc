#include "cli/words.h"

#include <array>

namespace skerry::cli {
namespace {

struct Glyph {
  std::string_view word = {};
  std::string_view glyph = {};
  std::string_view ascii = {};
  std::string_view colour = {};
};

constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view dim = "\x1b[2m";

constexpr std::array glyphs{
    Glyph{"Healthy", "✓", "+", green},   Glyph{"Ready", "✓", "+", green},
    Glyph{"Live", "✓", "+", green},      Glyph{"Enrolled", "✓", "+", green},
    Glyph{"Degraded", "!", "!", yellow}, Glyph{"Unhealthy", "!", "!", yellow},
    Glyph{"Warning", "!", "!", yellow},  Glyph{"Stale", "!", "!", yellow},
    Glyph{"Drifted", "≠", "~", yellow},  Glyph{"Pending", "…", ".", dim},
    Glyph{"Pulling", "…", ".", dim},     Glyph{"Starting", "…", ".", dim},
    Glyph{"Building", "…", ".", dim},    Glyph{"AwaitingApproval", "…", ".", yellow},
    Glyph{"Stopped", "■", "#", dim},     Glyph{"Offline", "⏻", "-", dim},
    Glyph{"Failed", "✗", "x", red},      Glyph{"Problem", "✗", "x", red},
    Glyph{"Rejected", "✗", "x", red},    Glyph{"Revoked", "✗", "x", red},
    Glyph{"RolledBack", "↶", "<", red},
};

const Glyph* glyph_of(std::string_view word) {
  for (const Glyph& glyph : glyphs) {
    if (glyph.word == word) {
      return &glyph;
    }
  }
  return nullptr;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

}  // namespace

std::string state_text(std::string_view word, const Look& look) {
  const Glyph* glyph = glyph_of(word);
  if (glyph == nullptr) {
    return word.empty() ? "-" : std::string(word);
  }
  std::string text(look.ascii ? glyph->ascii : glyph->glyph);
  text.append(" ").append(word);
  return look.colour ? std::string(glyph->colour) + text + "\x1b[0m" : text;
}

std::string age_text(std::chrono::milliseconds age) {
  struct Unit {
    std::int64_t seconds = 0;
    char letter = 's';
  };

  constexpr std::array units{
      Unit{365 * 86'400, 'y'}, Unit{86'400, 'd'}, Unit{3'600, 'h'}, Unit{60, 'm'}};
  const std::int64_t seconds = age.count() < 0 ? 0 : age.count() / 1000;
  for (const Unit& unit : units) {
    if (seconds >= unit.seconds) {
      return std::to_string(seconds / unit.seconds) + unit.letter;
    }
  }
  return std::to_string(seconds) + "s";
}

std::string age_since(std::int64_t at_ms, WallTime now) {
  if (at_ms == 0) {
    return "-";
  }
  return age_text(now.time_since_epoch() - std::chrono::milliseconds(at_ms));
}

std::string time_text(std::int64_t at_ms) {
  return at_ms == 0 ? "-" : to_rfc3339(WallTime(std::chrono::milliseconds(at_ms)));
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      const std::size_t end = text.find('m', i);  // A colour of our own.
      i = end == std::string_view::npos ? text.size() : end;
      continue;
    }
    // A UTF-8 continuation byte takes no column of its own.
    columns += (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U ? 0U : 1U;
  }
  return columns;
}

std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // U+0080 to U+009F are controls too, and some terminals obey them.
    const bool is_c1 =
        c == '\xC2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) {
      ++i;
    }
    if (is_control(c) || is_c1) {
      const auto byte = static_cast<unsigned char>(text[i]);
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
      continue;
    }
    out += c;
  }
  return out;
}

}  // namespace skerry::cli
