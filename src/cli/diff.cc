#include "cli/documents.h"
#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "cli/text_diff.h"
#include "cli/words.h"
#include "cli/written_form.h"

namespace skerry::cli {
namespace {

/// Each line printable: a label may have been sent by anybody.
std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += printable(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// What the server has now; empty text where it has none yet.
Result<std::string> form_now(client::Client& client, const Document& document) {
  const auto object = client.get(*document.kind, document.name);
  if (object) {
    return written_form(*object->message);
  }
  if (object.error().kind == ErrorKind::not_found) {
    return std::string();
  }
  return fail(object.error());
}

Error placed_refusal(Error error, const Document& document, const client::Client& client) {
  if (client.refusal() && !client.refusal()->fields.empty()) {
    const Error& first = client.refusal()->fields.front();
    error = placed({.kind = error.kind,
                    .code = error.code,
                    .message = first.message,
                    .field_path = first.field_path,
                    .at = first.at,
                    .hint = first.hint},
                   document);
  }
  return error;
}

/// The server itself says what it would store, so its defaults are no differences.
Result<std::string> difference(client::Client& client, const Document& document) {
  SKERRY_TRY(const std::string before, form_now(client, document));
  const auto after = client.apply(*document.kind,
                                  document.name,
                                  document.bytes,
                                  {.dry_run = true, .is_json = document.is_json});
  if (!after) {
    return fail(placed_refusal(after.error(), document, client));
  }
  return printable_lines(text_diff(before, written_form(*after->object.message)));
}

}  // namespace

Result<Exit> run_diff(const Invocation& invocation) {
  SKERRY_TRY(const auto documents, read_documents(invocation.options, invocation.outside));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  Exit exit = Exit::done;
  for (const Document& document : documents) {
    SKERRY_TRY(const std::string text, difference(*client, document));
    if (!text.empty()) {
      exit = Exit::no;
      invocation.outside.terminal.out("--- " + reference_text(*document.kind, document.name) +
                                      "\n" + text);
    }
  }
  return exit;
}

}  // namespace skerry::cli
