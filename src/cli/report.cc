#include "cli/report.h"

#include "client/codes.h"

namespace skerry::cli {
namespace {

/// Later lines of a text stand below its first.
std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') {
      out += indent;
    }
  }
  return out;
}

std::string line(std::string_view label, std::string_view text) {
  if (text.empty()) {
    return {};
  }
  return std::string("  ").append(label).append(indented(text, "        ")).append("\n");
}

bool is_unreachable(const Error& error) {
  return error.code == client::unreachable || error.code == client::wrong_server_key ||
         error.code == client::no_answer_in_time;
}

std::string next_of(const Error& error) {
  if (!error.hint.empty()) {
    return error.hint;
  }
  if (error.code == client::wrong_server_key) {
    return "if the server was installed anew, ask its admin for the key's fingerprint, then: "
           "skerry login";
  }
  if (error.code == client::unreachable) {
    return "check the address and that skerryd runs there: skerry context list";
  }
  return {};
}

std::string report_unreachable(const Error& error, const ReportContext& context) {
  std::string what = "error: cannot reach the server at " + context.server;
  if (!context.context.empty()) {
    what += " (context \"" + context.context + "\")";
  }
  return what + "\n" + line("why:  ", error.message) + line("next: ", next_of(error));
}

std::string why_of(const client::Refusal* refusal) {
  if (refusal == nullptr || refusal->missing_permission.empty()) {
    return {};
  }
  return "the permission " + refusal->missing_permission + " is missing";
}

std::string small_print(const ReportContext& context) {
  if (!context.verbose || context.refusal == nullptr) {
    return {};
  }
  const client::Refusal& refusal = *context.refusal;
  return line("code: ", refusal.code) + line("status: ", std::to_string(refusal.status)) +
         line("request: ", refusal.request_id);
}

}  // namespace

std::string problem_line(const Error& error) {
  std::string out = "  ";
  if (!error.at.file.empty()) {
    out += error.at.file + ":";
  }
  if (error.at.line != 0) {
    out += std::to_string(error.at.line) + ":" + std::to_string(error.at.column) + ":";
  }
  std::string said = error.field_path.empty() ? "" : error.field_path + ": ";
  said += error.message;
  said += error.hint.empty() ? "" : "; " + error.hint;
  if (said.empty()) {
    out.pop_back();  // A place alone ends without its colon.
    return out + "\n";
  }
  return out + (out.size() > 2 ? "  " : "") + said + "\n";
}

std::string report(const Error& error, const ReportContext& context) {
  if (is_unreachable(error)) {
    return report_unreachable(error, context);
  }
  std::string what = error.message;
  std::string why;
  // A message of two lines is what and why.
  if (const std::size_t end = what.find('\n'); end != std::string::npos) {
    why = what.substr(end + 1);
    what.resize(end);
  }
  std::string out = "error: " + what + "\n";
  if (context.refusal != nullptr) {
    for (const Error& field : context.refusal->fields) {
      out += problem_line(field);
    }
    why = why.empty() ? why_of(context.refusal) : why;
  } else if (error.at.line != 0) {
    out += problem_line({.message = error.field_path, .at = error.at});
  }
  return out + line("why:  ", why) + line("next: ", next_of(error)) + small_print(context);
}

}  // namespace skerry::cli
