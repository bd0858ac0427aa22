#include "cli/session.h"

#include <algorithm>

namespace skerry::cli {
namespace {

/// Waits for the first byte of an answer are told about from here on.
constexpr std::chrono::milliseconds patience{100};

/// Says "waiting for the server" where an answer takes long.
class Patient final : public client::Transport {
 public:
  Patient(std::unique_ptr<client::Transport> inner, Terminal& terminal)
      : inner_(std::move(inner)), terminal_(terminal) {}

  Result<client::Reply> send(const client::Request& request) override {
    const auto notice = terminal_.notice_after(patience, "waiting for the server ...\n");
    return inner_->send(request);
  }

  Result<client::Reply> stream(const client::Request& request, const Take& take) override {
    auto notice = terminal_.notice_after(patience, "waiting for the server ...\n");
    return inner_->stream(request, [&](std::string_view bytes) {
      notice.reset();
      return take(bytes);
    });
  }

 private:
  std::unique_ptr<client::Transport> inner_;
  Terminal& terminal_;
};

Error signed_out(std::string message, const std::string& server) {
  return {.kind = ErrorKind::denied,
          .code = not_signed_in,
          .message = std::move(message),
          .hint = "skerry login " + server};
}

/// A token goes into a header as it is, so a line feed pasted along would be another header.
Status check_token(const Secret& token) {
  const bool is_word =
      std::ranges::all_of(token.reveal(), [](char c) { return c > ' ' && c < 0x7F; });
  if (is_word) {
    return {};
  }
  return fail({.kind = ErrorKind::invalid,
               .code = bad_input,
               .message =
                   "the token holds a blank or a control character: it was not copied whole, "
                   "or with something around it",
               .hint = "SKERRY_TOKEN=$(cat FILE), which leaves out the line's end"});
}

/// The option, else the variable, else nothing.
std::string chosen(const Options& options,
                   std::string_view option,
                   const Outside& outside,
                   std::string_view variable) {
  return options.has(option) ? options.get(option)
                             : outside.variable(variable).value_or(std::string());
}

}  // namespace

Result<Config> Session::config() const {
  SKERRY_TRY(const std::string where, path());
  return load_config(where);
}

Result<std::string> Session::context_name() const {
  std::string named = chosen(options_, "context", outside_, "SKERRY_CONTEXT");
  if (!named.empty()) {
    return named;
  }
  SKERRY_TRY(const Config kept, config());
  return kept.current;
}

Result<Context> Session::context() const {
  SKERRY_TRY(const std::string name, context_name());
  Context context;
  if (!name.empty()) {
    SKERRY_TRY(const Config kept, config());
    const auto found = kept.contexts.find(name);
    if (found == kept.contexts.end()) {
      return fail({.kind = ErrorKind::not_found,
                   .code = bad_input,
                   .message = "there is no context \"" + name + "\"",
                   .hint = "skerry context list"});
    }
    context = found->second;
  }
  const std::string url = chosen(options_, "server", outside_, "SKERRY_SERVER");
  if (!url.empty() && url != context.server.url) {
    // Another server gets neither this one's token nor its pin.
    context = {.server = {.url = url}};
  }
  if (const auto pin = chosen(options_, "pin", outside_, "SKERRY_PIN"); !pin.empty()) {
    context.server.pin = pin;
  }
  if (const auto token = outside_.variable("SKERRY_TOKEN"); token && !token->empty()) {
    context.token = Secret(*token);
  }
  return context;
}

Result<client::Client*> Session::client() {
  SKERRY_TRY(const Context in_use, context());
  if (in_use.server.url.empty()) {
    return fail(signed_out("no server is chosen", "https://SERVER:8443"));
  }
  if (in_use.token.empty()) {
    return fail(signed_out("you are not signed in to " + in_use.server.url, in_use.server.url));
  }
  return client_with(in_use.server, in_use.token);
}

Result<client::Client*> Session::client_of(const ServerAddress& server) {
  return client_with(server, Secret());
}

Result<client::Client*> Session::client_with(const ServerAddress& server, const Secret& token) {
  url_ = server.url;
  SKERRY_CHECK(check_token(token));
  SKERRY_TRY(auto transport, outside_.connect(server));
  transport_ = std::make_unique<Patient>(std::move(transport), outside_.terminal);
  client_ = std::make_unique<client::Client>(*transport_, token);
  return client_.get();
}

const client::Refusal* Session::refusal() const {
  return client_ != nullptr && client_->refusal() ? &*client_->refusal() : nullptr;
}

}  // namespace skerry::cli
