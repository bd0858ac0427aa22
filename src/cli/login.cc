#include "base/digest.h"
#include "base/text.h"
#include "cli/groups.h"
#include "cli/outside.h"
#include "cli/session.h"
#include "cli/words.h"

namespace skerry::cli {
namespace {

/// The first line, without what a pasted text often has around it.
std::string trimmed(std::string text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) {
    return {};
  }
  const std::size_t end = text.find_first_of("\r\n", begin);
  text = text.substr(begin, end == std::string::npos ? end : end - begin);
  text.resize(text.find_last_not_of(" \t") + 1);
  return text;
}

std::string with_scheme(const std::string& url) {
  return url.find("://") == std::string::npos ? "https://" + url : url;
}

/// "prod" of "https://prod.example:8443".
std::string context_name_of(const std::string& url) {
  const std::string host = url.substr(url.find("://") + 3);
  return host.substr(0, host.find('/'));
}

Result<std::string> pin_of(const Invocation& invocation, const Context& before) {
  std::string pin = invocation.options.get("pin", before.server.pin);
  if (pin.empty()) {
    pin = invocation.outside.variable("SKERRY_PIN").value_or("");
  }
  if (pin.empty() && invocation.outside.terminal.in_is_tty()) {
    SKERRY_TRY(pin,
               invocation.outside.terminal.ask(
                   "Fingerprint of the server's key (skerryd prints it when it starts): "));
    pin = trimmed(pin);
  }
  const auto digest = parse_digest(pin);
  if (!digest && !pin.empty()) {
    return fail(usage("\"" + printable(pin) + "\" is no fingerprint of a server's key",
                      "64 hexadecimal digits, as skerryd prints them when it starts"));
  }
  if (!digest) {
    return fail(
        usage("the server's key is not known: without its fingerprint nothing says that "
              "this is your server",
              "--pin HEXDIGEST, as skerryd prints it when it starts"));
  }
  return to_hex(digest->view());
}

/// The server to sign in to: as given, else that of the context in use.
Result<ServerAddress> server_of(const Invocation& invocation) {
  Context before;
  if (auto known = invocation.session.context()) {
    before = *known;
  }
  const std::string given = invocation.options.get("SERVER");
  const std::string url = given.empty() ? before.server.url : with_scheme(given);
  if (url.empty()) {
    return fail(usage("which server?", "skerry login https://SERVER:8443 --pin HEXDIGEST"));
  }
  if (url != before.server.url) {
    SKERRY_TRY(const Config kept, invocation.session.config());
    const auto same = kept.contexts.find(context_name_of(url));
    before = same == kept.contexts.end() ? Context{} : same->second;
  }
  SKERRY_TRY(std::string pin, pin_of(invocation, before));
  return ServerAddress{.url = url, .pin = std::move(pin)};
}

Status keep(const Invocation& invocation, Context context) {
  SKERRY_TRY(const std::string path, invocation.session.path());
  SKERRY_TRY(Config config, load_config(path));
  const std::string name = invocation.options.get("context", context_name_of(context.server.url));
  config.current = name;
  const std::string said = "signed in to " + context.server.url +
                           (context.user.empty() ? "" : " as " + context.user) + " (context \"" +
                           name + "\")\n";
  config.contexts.insert_or_assign(name, std::move(context));
  SKERRY_CHECK(save_config(path, config));
  invocation.outside.terminal.err(said);
  return {};
}

/// A token somebody else made. It is tried before it is kept.
Result<Exit> keep_token(const Invocation& invocation, const ServerAddress& server) {
  SKERRY_TRY(std::string input, invocation.outside.terminal.read_input());
  Secret token(trimmed(std::move(input)));
  if (token.empty()) {
    return fail(usage("there is no token on standard input"));
  }
  SKERRY_TRY(client::Client * client, invocation.session.client_with(server, token));
  SKERRY_TRY(const client::Identity identity, client->whoami());
  SKERRY_CHECK(
      keep(invocation, {.server = server, .user = identity.user, .token = std::move(token)}));
  return Exit::done;
}

Result<std::string> user_of(const Invocation& invocation) {
  if (invocation.options.has("user")) {
    return invocation.options.get("user");
  }
  if (!invocation.outside.terminal.in_is_tty()) {
    return fail(usage("there is nobody to ask for a name", "--user NAME, or --token-stdin"));
  }
  SKERRY_TRY(std::string user, invocation.outside.terminal.ask("User: "));
  return trimmed(std::move(user));
}

/// A new password is asked for twice, because nobody sees what is typed.
Result<Secret> new_password(Terminal& terminal) {
  SKERRY_TRY(Secret first, terminal.ask_secret("New password: "));
  SKERRY_TRY(const Secret second, terminal.ask_secret("Again: "));
  if (first.reveal() != second.reveal()) {
    return fail(usage("the two passwords differ"));
  }
  return first;
}

/// The code is the first line of standard input, and the password the second where no terminal can
/// be asked.
struct SetupInput {
  Secret code = {};
  Secret password = {};
};

Result<SetupInput> setup_input(Terminal& terminal) {
  if (terminal.in_is_tty()) {
    SKERRY_TRY(Secret code, terminal.ask_secret("Set-up code: "));
    SKERRY_TRY(Secret password, new_password(terminal));
    return SetupInput{.code = std::move(code), .password = std::move(password)};
  }
  SKERRY_TRY(const std::string input, terminal.read_input());
  const std::size_t end = std::min(input.find('\n'), input.size());
  SetupInput both{.code = Secret(trimmed(input.substr(0, end))),
                  .password = Secret(trimmed(input.substr(end)))};
  if (both.code.empty() || both.password.empty()) {
    return fail(usage("standard input holds no code and password",
                      "printf '%s\\n%s\\n' CODE PASSWORD | skerry setup SERVER"));
  }
  return both;
}

/// Asked for, or the first line of standard input where there is nobody to ask.
Result<Secret> password_of(Terminal& terminal) {
  if (terminal.in_is_tty()) {
    return terminal.ask_secret("Password: ");
  }
  SKERRY_TRY(std::string input, terminal.read_input());
  Secret password(trimmed(std::move(input)));
  if (password.empty()) {
    return fail(usage("there is no password on standard input",
                      "skerry login --user NAME < FILE, or --token-stdin"));
  }
  return password;
}

}  // namespace

Result<Exit> run_login(const Invocation& invocation) {
  SKERRY_TRY(const ServerAddress server, server_of(invocation));
  if (invocation.options.has("token-stdin")) {
    return keep_token(invocation, server);
  }
  SKERRY_TRY(const std::string user, user_of(invocation));
  SKERRY_TRY(const Secret password, password_of(invocation.outside.terminal));
  SKERRY_TRY(client::Client * client, invocation.session.client_of(server));
  SKERRY_TRY(client::Login login, client->login(user, password));
  SKERRY_CHECK(keep(invocation, {.server = server, .user = user, .token = std::move(login.token)}));
  return Exit::done;
}

Result<Exit> run_setup(const Invocation& invocation) {
  SKERRY_TRY(const ServerAddress server, server_of(invocation));
  const std::string user = invocation.options.get("user", "admin");
  SKERRY_TRY(const SetupInput input, setup_input(invocation.outside.terminal));
  SKERRY_TRY(client::Client * client, invocation.session.client_of(server));
  SKERRY_TRY(client::Login login, client->set_up(input.code, user, input.password));
  SKERRY_CHECK(keep(invocation, {.server = server, .user = user, .token = std::move(login.token)}));
  return Exit::done;
}

Result<Exit> run_logout(const Invocation& invocation) {
  SKERRY_TRY(const std::string name, invocation.session.context_name());
  SKERRY_TRY(const std::string path, invocation.session.path());
  SKERRY_TRY(client::Client * client, invocation.session.client());
  const Status ended = client->logout();
  // The token is forgotten here whatever the server says.
  SKERRY_TRY(Config config, load_config(path));
  if (const auto found = config.contexts.find(name); found != config.contexts.end()) {
    found->second.token = Secret();
    SKERRY_CHECK(save_config(path, config));
  }
  SKERRY_CHECK(ended);
  invocation.outside.terminal.err("signed out of " + invocation.session.server_url() + "\n");
  return Exit::done;
}

Result<Exit> run_whoami(const Invocation& invocation) {
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_TRY(const client::Identity identity, client->whoami());
  invocation.outside.terminal.out(identity.user + "\n");
  invocation.outside.terminal.err("at " + invocation.session.server_url() + "\n");
  return Exit::done;
}

}  // namespace skerry::cli
