#include <vector>

#include "cli/documents.h"
#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/view.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

std::string reference(const Document& document) {
  return reference_text(*document.kind, document.name);
}

std::string_view word_of(client::Applied::Outcome outcome) {
  switch (outcome) {
    case client::Applied::Outcome::created:
      return "created";
    case client::Applied::Outcome::configured:
      return "configured";
    case client::Applied::Outcome::unchanged:
      return "unchanged";
  }
  return "configured";
}

/// What the server took and thinks deserves a second look.
void show_warnings(const client::Object& object, const Document& document, Terminal& terminal) {
  if (object.kind->name != "Stack") {
    return;
  }
  for (const auto& warning : object.as<api::v1::Stack>().status().warnings()) {
    const Error error = placed({.message = printable(warning.message()),
                                .field_path = printable(warning.field_path()),
                                .at = {.line = warning.line(), .column = warning.column()}},
                               document);
    terminal.err("warning:" + problem_line(error));
  }
}

std::string count_of(std::size_t problems) {
  return problems == 1 ? "1 problem" : std::to_string(problems) + " problems";
}

/// Says what is wrong with one document, each problem at its place in its file.
Exit show_errors(const Document& document, const std::vector<Error>& errors, Terminal& terminal) {
  terminal.err("error: " + reference(document) + " is not valid (" + count_of(errors.size()) +
               ")\n");
  for (const Error& error : errors) {
    terminal.err(problem_line(error));
  }
  terminal.err("  next: correct it and apply it again\n");
  return Exit::invalid;
}

Exit show_refusal(const Document& document, const Error& error, const Invocation& invocation) {
  const client::Refusal* refusal = invocation.session.refusal();
  if (refusal != nullptr && !refusal->fields.empty()) {
    std::vector<Error> errors;
    errors.reserve(refusal->fields.size());
    for (const Error& field : refusal->fields) {
      errors.push_back(placed(field, document));
    }
    return show_errors(document, errors, invocation.outside.terminal);
  }
  Error named = error;
  named.message = reference(document) + ": " + error.message;
  invocation.outside.terminal.err(report(named,
                                         {.server = invocation.session.server_url(),
                                          .refusal = refusal,
                                          .verbose = invocation.options.has("verbose")}));
  return exit_of(error);
}

/// All of one kind, or `partly` where some went well and some did not.
class Tally {
 public:
  void add(Exit exit) {
    any_good_ = any_good_ || exit == Exit::done;
    worst_ = exit == Exit::done ? worst_ : exit;
  }

  [[nodiscard]] Exit exit() const {
    return worst_ != Exit::done && any_good_ ? Exit::partly : worst_;
  }

 private:
  bool any_good_ = false;
  Exit worst_ = Exit::done;
};

Exit check_one(const Document& document, Terminal& terminal) {
  const std::vector<Error> errors = check(document);
  if (!errors.empty()) {
    return show_errors(document, errors, terminal);
  }
  terminal.out(reference(document) + " is valid (nothing was sent)\n");
  return Exit::done;
}

Exit apply_one(client::Client& client, const Document& document, const Invocation& invocation) {
  const bool dry_run = invocation.options.get("dry-run") == "server";
  auto applied = client.apply(*document.kind,
                              document.name,
                              document.bytes,
                              {.dry_run = dry_run, .is_json = document.is_json});
  if (!applied) {
    return show_refusal(document, applied.error(), invocation);
  }
  Terminal& terminal = invocation.outside.terminal;
  show_warnings(applied->object, document, terminal);
  if (invocation.options.has("output")) {
    const Look look = look_of(invocation.options, invocation.outside);
    terminal.out(show_one(std::move(applied->object),
                          format_of(invocation.options),
                          look,
                          invocation.outside.clock.wall()));
    return Exit::done;
  }
  terminal.out(reference(document) + " " + std::string(word_of(applied->outcome)) +
               (dry_run ? " (dry run: nothing was stored)\n" : "\n"));
  return Exit::done;
}

}  // namespace

Result<Exit> run_apply(const Invocation& invocation) {
  SKERRY_TRY(const auto documents, read_documents(invocation.options, invocation.outside));
  Tally tally;
  if (invocation.options.get("dry-run") == "client") {
    for (const Document& document : documents) {
      tally.add(check_one(document, invocation.outside.terminal));
    }
    return tally.exit();
  }
  SKERRY_TRY(client::Client * client, invocation.session.client());
  for (const Document& document : documents) {
    tally.add(apply_one(*client, document, invocation));
  }
  return tally.exit();
}

}  // namespace skerry::cli
