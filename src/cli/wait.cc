#include <algorithm>

#include "base/text.h"
#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "cli/view.h"
#include "resource/units.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

constexpr std::string_view timeout_default = "5m";
constexpr std::chrono::milliseconds poll_interval{500};

/// What an object is now, in a word, and why where it says so.
struct Now {
  std::string state = {};
  std::string why = {};
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string chain_text(const google::protobuf::RepeatedPtrField<api::v1::Reason>& chain) {
  std::string text;
  for (const auto& reason : chain) {
    text += (text.empty() ? "" : " <- ") + printable(reason.code());
    text += reason.message().empty() ? "" : " (" + printable(reason.message()) + ")";
  }
  return text;
}

Now stack_now(const client::Object& object) {
  const auto& status = object.as<api::v1::Stack>().status();
  const auto& sites = status.sites();
  Now now{.state = stack_state(object)};
  if (sites.matched() == 0) {
    now.why = "its targets choose no site";
  } else if (sites.healthy() == sites.matched() && sites.current() < sites.matched()) {
    now.why = std::to_string(sites.current()) + " of " + std::to_string(sites.matched()) +
              " sites are at the newest";
  } else {
    now.why = std::to_string(sites.healthy()) + " of " + std::to_string(sites.matched()) +
              " sites are healthy";
  }
  return now;
}

Now site_now(const client::Object& object) {
  const auto& status = object.as<api::v1::Site>().status();
  const auto* word =
      google::protobuf::GetEnumDescriptor<api::v1::SiteState::Word>()->FindValueByNumber(
          static_cast<int>(status.state()));
  return {.state = word == nullptr ? "" : resource::word_of(*word),
          .why = chain_text(status.reasons())};
}

/// The words that both a site and a stack have.
std::vector<std::string> known_states() {
  std::vector<std::string> words;
  for (const std::string& word :
       resource::words_of(*google::protobuf::GetEnumDescriptor<api::v1::SiteState::Word>())) {
    words.push_back(lower(word));
  }
  return words;
}

/// A word that nothing ever is would be waited for until the end.
Result<std::string> wanted_state(const Options& options) {
  const std::string wanted = options.get("for", "status=healthy");
  constexpr std::string_view prefix = "status=";
  const std::string state = lower(wanted.starts_with(prefix) ? wanted.substr(prefix.size()) : "");
  const std::vector<std::string> known = known_states();
  if (std::ranges::find(known, state) != known.end()) {
    return state;
  }
  std::string all;
  for (const std::string& word : known) {
    all += (all.empty() ? "" : "|") + word;
  }
  return fail(usage("--for \"" + wanted + "\" is no condition",
                    "--for=status=" + nearest(state, known).value_or(all)));
}

Result<std::chrono::milliseconds> timeout_of(const Options& options) {
  const std::string text = options.get("timeout", timeout_default);
  const auto milliseconds = resource::parse_duration(text == "0" ? "0s" : text);
  if (!milliseconds) {
    return fail(usage("--timeout \"" + text + "\" is no duration", "as in --timeout 90s or 5m"));
  }
  return std::chrono::milliseconds(*milliseconds);
}

Result<Reference> waited_for(const Options& options) {
  SKERRY_TRY(Reference reference, named_reference_from(options.get("KIND"), options.get("NAME")));
  if (reference.kind->name != "Stack" && reference.kind->name != "Site") {
    return fail(usage("only stacks and sites have a state to wait for",
                      "skerry wait stack/NAME or site/NAME"));
  }
  return reference;
}

Error too_late(const Reference& reference, const std::string& wanted, const Now& now) {
  const std::string text = reference_text(*reference.kind, reference.name);
  std::string what = text + " is not " + wanted + " in time; it is " + lower(now.state);
  what += now.why.empty() ? "" : "\n" + now.why;
  return {.kind = ErrorKind::unavailable,
          .code = wait_timed_out,
          .message = std::move(what),
          .hint = "skerry describe " + text};
}

/// Says each new state once, so that a log of it reads as a story.
void tell(const Invocation& invocation, const Reference& reference, const Now& now) {
  std::string line = reference.name + "  " +
                     state_text(now.state, look_of(invocation.options, invocation.outside));
  line += now.why.empty() ? "" : "  " + now.why;
  invocation.outside.terminal.err(line + "\n");
}

/// A server that is away for a moment does not end the wait.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::unavailable;
}

}  // namespace

Result<Exit> run_wait(const Invocation& invocation) {
  SKERRY_TRY(const Reference reference, waited_for(invocation.options));
  SKERRY_TRY(const std::string wanted, wanted_state(invocation.options));
  SKERRY_TRY(const auto timeout, timeout_of(invocation.options));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  const Instant end = invocation.outside.clock.now() + timeout;
  Now told;
  while (true) {
    const auto object = client->get(*reference.kind, reference.name);
    const bool is_late = invocation.outside.clock.now() >= end;
    if (!object && (is_late || !may_pass(object.error()))) {
      return fail(object.error());
    }
    if (object) {
      const Now now = reference.kind->name == "Stack" ? stack_now(*object) : site_now(*object);
      if (now.state != told.state || now.why != told.why) {
        tell(invocation, reference, now);
        told = now;
      }
      if (lower(now.state) == wanted) {
        return Exit::done;
      }
      if (timeout.count() == 0) {
        return Exit::no;
      }
    }
    if (is_late) {
      return fail(too_late(reference, wanted, told));
    }
    invocation.outside.pause(poll_interval);
  }
}

}  // namespace skerry::cli
