#include <array>

#include "cli/command.h"
#include "cli/groups.h"

namespace skerry::cli {
namespace {

using Count = Positional::Count;

constexpr std::string_view formats = "table|wide|json|yaml|name";

constexpr std::array common{
    Flag{.names = "--context",
         .value = "NAME",
         .help = "use this context instead of the current one"},
    Flag{.names = "--server",
         .value = "URL",
         .help = "use this server; needs --pin and SKERRY_TOKEN"},
    Flag{.names = "--pin", .value = "HEXDIGEST", .help = "SHA-256 of the server's public key"},
    Flag{.names = "--ascii", .help = "no other signs than ASCII ones"},
    Flag{.names = "--color",
         .value = "WHEN",
         .help = "colour: auto is a terminal without NO_COLOR",
         .choices = "auto|always|never"},
    Flag{.names = "-v,--verbose", .help = "the server's code and request id with an error"},
    Flag{.names = "-h,--help", .help = "this"},
};

constexpr Flag file_flag{.names = "-f,--file",
                         .value = "FILE|DIR|-",
                         .help = "what to read; may be repeated",
                         .repeats = true};
constexpr Flag recursive_flag{.names = "-R,--recursive", .help = "directories with all below them"};
constexpr Flag stack_flag{
    .names = "--stack", .value = "NAME", .help = "of a Compose file: the stack's name"};
constexpr Flag sites_flag{.names = "--sites",
                          .value = "SELECTOR|NAME",
                          .help = "of a Compose file: where it runs; may be repeated",
                          .repeats = true};
constexpr Flag output_flag{
    .names = "-o,--output", .value = "FORMAT", .help = "how to show it", .choices = formats};
constexpr Flag user_flag{.names = "--user", .value = "NAME", .help = "who signs in"};

constexpr Positional kind_word{.name = "KIND"};
constexpr Positional name_word{.name = "NAME"};
constexpr Positional name_maybe{.name = "NAME", .count = Count::at_most_one};
constexpr Positional server_maybe{.name = "SERVER", .count = Count::at_most_one};

constexpr std::array one_name{name_word};
constexpr std::array one_server{server_maybe};
constexpr std::array kind_and_name{kind_word, name_maybe};
constexpr std::array maybe_name{name_maybe};
constexpr std::array one_shell{Positional{.name = "SHELL"}};

constexpr std::array login_examples{
    Example{"login https://edge.example:8443 --pin 3b7e...", "sign in; asks for user and password"},
    Example{"login https://edge.example:8443 --user ana < password", "the same unattended"},
    Example{"login https://edge.example:8443 --token-stdin < token", "sign in with a token"}};
constexpr std::array login_flags{
    user_flag, Flag{.names = "--token-stdin", .help = "read a token from standard input"}};

constexpr std::array setup_examples{
    Example{"setup https://edge.example:8443 --pin 3b7e...",
            "make the first admin of a new server"},
    Example{"setup https://edge.example:8443 --pin 3b7e... < code-and-password",
            "the same unattended: the code on the first line, the password on the second"}};
constexpr std::array setup_flags{
    Flag{.names = "--user", .value = "NAME", .help = "the admin's name (admin)"}};

constexpr std::array apply_examples{
    Example{"apply -f stack.yaml", "apply every object of a file"},
    Example{"apply -f stacks/ -R --dry-run=server", "check a whole tree without changing anything"},
    Example{"apply -f compose.yaml --stack web --sites type=store",
            "run a Compose file on every site with a label"}};
constexpr std::array apply_flags{file_flag,
                                 recursive_flag,
                                 stack_flag,
                                 sites_flag,
                                 Flag{.names = "--dry-run",
                                      .value = "WHERE",
                                      .help = "check only: here, or at the server",
                                      .choices = "client|server"},
                                 output_flag};

constexpr std::array diff_examples{Example{"diff -f stack.yaml", "what would apply change?"}};
constexpr std::array diff_flags{file_flag, recursive_flag, stack_flag, sites_flag};

constexpr std::array get_examples{
    Example{"get sites", "every site and how it is"},
    Example{"get stack web -o yaml", "one stack as it was applied"},
    Example{"get sites -l 'type=store,skerry/arch=arm64' -w", "follow the changes of some"}};
constexpr std::array get_flags{
    output_flag,
    Flag{.names = "-l,--selector", .value = "SELECTOR", .help = "only those with these labels"},
    Flag{.names = "-w,--watch", .help = "go on with every change"}};

constexpr std::array describe_examples{
    Example{"describe stack/web", "why is it not healthy, down to the runtime's own message?"}};

constexpr std::array delete_examples{
    Example{"delete stack/web", "its sites stop it; its volumes stay"}};

constexpr std::array events_examples{
    Example{"events", "what happened lately"},
    Example{"events --site store-0417 --limit 200", "at one site"}};
constexpr std::array events_flags{
    Flag{.names = "--site", .value = "NAME", .help = "of this site only"},
    Flag{.names = "--limit", .value = "N", .help = "how many of the newest (50)"},
    output_flag};

constexpr std::array wait_examples{
    Example{"wait stack/web --timeout 2m", "until all sites of the stack are healthy"},
    Example{"wait site/store-0417 --for=status=healthy", "until the site is"}};
constexpr std::array wait_flags{
    Flag{.names = "--for", .value = "status=WORD", .help = "what to wait for (status=healthy)"},
    Flag{.names = "--timeout", .value = "DURATION", .help = "how long (5m); 0 asks once"}};

constexpr std::array token_examples{
    Example{"token create --site", "let one site join; prints what to run there"},
    Example{"token create --site --uses 50 --expires 1h --labels type=store --approval",
            "fifty sites, each to be approved"},
    Example{"token create --api ci --expires 720h -o name", "a token for a program, alone"}};
constexpr std::array token_flags{
    Flag{.names = "--site", .help = "a token with which sites join"},
    Flag{.names = "--api", .help = "a token for programs"},
    Flag{.names = "--expires", .value = "DURATION", .help = "how long it may be used"},
    Flag{.names = "--uses", .value = "N", .help = "how many sites may join with it (1)"},
    Flag{.names = "--labels",
         .value = "KEY=VALUE,...",
         .help = "the labels its sites get; may be repeated",
         .repeats = true},
    Flag{.names = "--approval", .help = "each site waits for skerry approve"},
    Flag{.names = "-o,--output",
         .value = "FORMAT",
         .help = "name: the token alone",
         .choices = "name"}};

constexpr std::array approve_examples{Example{"approve store-0417", "let in a site that waits"}};
constexpr std::array revoke_examples{
    Example{"site revoke store-0417", "cut a site off; what runs there goes on running"}};

constexpr std::array restore_examples{
    Example{"restore accept web", "sites go to what the server has of web"},
    Example{"restore accept till --remove", "the server does not know till: remove it from sites"},
    Example{"restore accept --all", "every stack that the server knows"}};
constexpr std::array restore_flags{
    Flag{.names = "--all", .help = "every undecided stack that the server knows"},
    Flag{.names = "--remove", .help = "the stack is not known here and may go from its sites"}};
constexpr std::array finish_flags{
    Flag{.names = "--abandon-away",
         .help = "though sites are away: stacks of theirs that nobody knows here will go"}};

constexpr std::array site_flags{Flag{.names = "--socket",
                                     .value = "PATH",
                                     .help = "the agent's socket (/run/skerry/agent.sock)"},
                                Flag{.names = "--json", .help = "the agent's own answer"}};
constexpr std::array site_examples{
    Example{"site status", "on the site itself: how is it, without any server?"}};

constexpr std::array version_flags{Flag{.names = "--client", .help = "do not ask the server"}};
constexpr std::array help_flags{Flag{.names = "--markdown", .help = "the reference page"}};

constexpr std::string_view wait_exits =
    "0 it holds; 1 it does not and `--timeout 0` was given; 7 it did not in time";
constexpr std::string_view apply_exits =
    "0 all applied; 6 an object is not valid; 8 some were applied and some were not";
constexpr std::string_view diff_exits = "0 nothing would change; 1 something would";

constexpr Command site_command(std::string_view path,
                               std::string_view summary,
                               Result<Exit> (*run)(const Invocation&)) {
  return {.path = path, .summary = summary, .flags = site_flags, .run = run};
}

constexpr std::array commands{
    Command{.path = "login",
            .summary = "Sign in to a server and keep it as a context",
            .examples = login_examples,
            .positionals = one_server,
            .flags = login_flags,
            .run = run_login},
    Command{.path = "setup",
            .summary = "Make the first admin of a new server with its one-time code",
            .examples = setup_examples,
            .positionals = one_server,
            .flags = setup_flags,
            .run = run_setup},
    Command{.path = "logout", .summary = "End the session and forget its token", .run = run_logout},
    Command{.path = "whoami", .summary = "Say who is signed in", .run = run_whoami},
    Command{
        .path = "context list", .summary = "List the servers you know", .run = run_context_list},
    Command{.path = "context use",
            .summary = "Choose the server to work with",
            .positionals = one_name,
            .run = run_context_use},
    Command{.path = "context delete",
            .summary = "Forget a server and its token",
            .positionals = one_name,
            .run = run_context_delete},
    Command{.path = "get",
            .summary = "Show objects of a kind",
            .examples = get_examples,
            .positionals = kind_and_name,
            .flags = get_flags,
            .run = run_get},
    Command{.path = "describe",
            .summary = "Explain one object: its state and the reasons for it",
            .examples = describe_examples,
            .positionals = kind_and_name,
            .run = run_describe},
    Command{.path = "apply",
            .summary = "Make the server's objects be as the files say",
            .examples = apply_examples,
            .flags = apply_flags,
            .exits = apply_exits,
            .run = run_apply},
    Command{.path = "diff",
            .summary = "Show what apply would change",
            .examples = diff_examples,
            .flags = diff_flags,
            .exits = diff_exits,
            .run = run_diff},
    Command{.path = "delete",
            .summary = "Delete one object",
            .examples = delete_examples,
            .positionals = kind_and_name,
            .run = run_delete},
    Command{.path = "wait",
            .summary = "Wait until a stack or a site is in a state",
            .examples = wait_examples,
            .positionals = kind_and_name,
            .flags = wait_flags,
            .exits = wait_exits,
            .run = run_wait},
    Command{.path = "events",
            .summary = "Show what happened, the newest last",
            .examples = events_examples,
            .flags = events_flags,
            .run = run_events},
    Command{.path = "token create",
            .summary = "Make a token for a site to join or for a program to sign in",
            .examples = token_examples,
            .positionals = maybe_name,
            .flags = token_flags,
            .run = run_token_create},
    Command{.path = "approve",
            .summary = "Let in a site that waits for approval",
            .examples = approve_examples,
            .positionals = one_name,
            .run = run_approve},
    Command{.path = "reject",
            .summary = "Turn away a site that waits for approval",
            .positionals = one_name,
            .run = run_reject},
    Command{.path = "site revoke",
            .summary = "Cut off a site; what runs there goes on running",
            .examples = revoke_examples,
            .positionals = one_name,
            .run = run_site_revoke},
    Command{.path = "restore status",
            .summary = "After a restore: which stacks wait for a decision",
            .run = run_restore_status},
    Command{.path = "restore accept",
            .summary = "After a restore: let the server's word on a stack hold",
            .examples = restore_examples,
            .positionals = maybe_name,
            .flags = restore_flags,
            .run = run_restore_accept},
    Command{.path = "restore finish",
            .summary = "After a restore: everything is decided",
            .flags = finish_flags,
            .run = run_restore_finish},
    Command{.path = "site status",
            .summary = "On the site: what it runs and how it is",
            .examples = site_examples,
            .flags = site_flags,
            .run = run_site_status},
    site_command("site floor", "On the site: the newest manifest it took", run_site_floor),
    site_command("site journal",
                 "On the site: each stack's last good release and the one being tried",
                 run_site_journal),
    site_command("site spool", "On the site: what waits to be sent", run_site_spool),
    site_command("site pause", "On the site: leave everything as it is", run_site_pause),
    site_command("site resume", "On the site: go on after a pause", run_site_resume),
    site_command("site rekey", "On the site: replace its key by a new one", run_site_rekey),
    Command{.path = "version",
            .summary = "Say which version this is, and the server's",
            .flags = version_flags,
            .run = run_version},
    Command{.path = "completion",
            .summary = "Print a script that completes commands: bash or zsh",
            .positionals = one_shell,
            .run = run_completion},
    Command{.path = "help",
            .summary = "Show the help",
            .flags = help_flags,
            .run = run_help,
            .hidden = true},
};

}  // namespace

std::span<const Command> all_commands() {
  return commands;
}

std::span<const Flag> common_flags() {
  return common;
}

}  // namespace skerry::cli
