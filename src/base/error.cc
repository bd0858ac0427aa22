#include "base/error.h"

namespace skerry {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::exhausted:
      return "exhausted";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

std::string to_string(const Error& error) {
  std::string text;
  if (error.at.line != 0) {
    text += error.at.file.empty() ? "-" : error.at.file;
    text += ":" + std::to_string(error.at.line) + ":" + std::to_string(error.at.column) + "  ";
  }
  if (!error.field_path.empty()) {
    text += error.field_path + ": ";
  }
  text += error.message;
  text += " [";
  text += error.code.name;
  text += "]";
  return text;
}

}  // namespace skerry
