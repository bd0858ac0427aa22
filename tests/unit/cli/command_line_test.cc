#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/run.h"
#include "client/codes.h"
#include "fake_outside.h"

namespace skerry::cli {
namespace {

using testing::HasSubstr;

struct Ran {
  int exit = 0;
  std::string out = {};
  std::string err = {};
};

Ran run_words(const std::vector<std::string>& words, FakeWorld& world) {
  Outside outside = world.outside();
  const int exit = run(words, outside);
  return {.exit = exit, .out = world.terminal.written_out, .err = world.terminal.written_err};
}

Ran run_signed_in(const std::vector<std::string>& words,
                  std::deque<Result<client::Reply>> replies) {
  FakeWorld world;
  world.sign_in();
  world.server.replies = std::move(replies);
  return run_words(words, world);
}

TEST(CommandTable, NamesEachCommandOnceAndSaysWhatItIsFor) {
  std::set<std::string_view> paths;
  for (const Command& command : all_commands()) {
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_NE(command.run, nullptr) << command.path;
  }
}

TEST(CommandTable, EveryExampleIsAGoodCommandLine) {
  for (const Command& command : all_commands()) {
    for (const Example& example : command.examples) {
      std::istringstream line{std::string(example.line.substr(0, example.line.find(" <")))};
      std::vector<std::string> words;
      for (std::string word; line >> word;) {
        words.push_back(word);
      }
      const auto parsed = parse(all_commands(), words);
      ASSERT_TRUE(parsed) << example.line << ": " << parsed.error().message;
      EXPECT_EQ(parsed->command, &command) << example.line;
    }
  }
}

TEST(CommandTable, IsTheReferencePage) {
  std::ifstream file(SKERRY_SOURCE_DIR "/docs/user/cli-reference.md", std::ios::binary);
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), reference_page(all_commands()))
      << "write it anew: skerry help --markdown > docs/user/cli-reference.md";
}

TEST(CommandLine, SuggestsTheCommandThatWasMeant) {
  FakeWorld world;
  const Ran ran = run_words({"aply"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_EQ(ran.err, "error: there is no command \"skerry aply\"\n  next: skerry apply\n");
}

TEST(CommandLine, SuggestsTheSecondWordThatWasMeant) {
  FakeWorld world;
  EXPECT_THAT(run_words({"token", "creat"}, world).err, HasSubstr("next: skerry token create"));
}

TEST(CommandLine, SuggestsTheOptionThatWasMeant) {
  FakeWorld world;
  const Ran ran = run_words({"get", "sites", "--selectr", "a=b"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean --selector?"));
}

TEST(CommandLine, RefusesAWordTooMany) {
  FakeWorld world;
  const Ran ran = run_words({"approve", "one", "two"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("\"two\" is one word too many"));
}

TEST(CommandLine, HelpOfACommandIsWhatItsHelpOptionShows) {
  FakeWorld world;
  const Ran ran = run_words({"help", "token", "create"}, world);
  FakeWorld other;
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, run_words({"token", "create", "--help"}, other).out);
}

TEST(CommandLine, HelpOfACommandThereIsNotSuggestsTheOneThatWasMeant) {
  FakeWorld world;
  const Ran ran = run_words({"help", "aply"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("next: skerry apply"));
}

TEST(CommandLine, SaysItsVersionAsProgramsDo) {
  FakeWorld world;
  const Ran ran = run_words({"--version"}, world);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, testing::StartsWith("skerry "));
}

TEST(CommandLine, RefusesAnUnknownOptionAlsoWithoutACommand) {
  FakeWorld world;
  const Ran ran = run_words({"--nope"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("there is no option --nope"));
}

TEST(CommandLine, ApplyAsksForAFileWhereNoneIsNamed) {
  FakeWorld world;
  const Ran ran = run_words({"apply"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("next: -f FILE"));
}

TEST(CommandLine, ApplyOfAFileWithoutItsOptionIsToldTheOption) {
  FakeWorld world;
  const Ran ran = run_words({"apply", "web.yaml"}, world);
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("next: skerry apply -f web.yaml"));
}

TEST(CommandLine, RefusesAMissingName) {
  FakeWorld world;
  EXPECT_EQ(run_words({"approve"}, world).exit, 2);
}

TEST(CommandLine, RefusesAFormatThereIsNot) {
  FakeWorld world;
  EXPECT_EQ(run_words({"get", "sites", "-o", "xml"}, world).exit, 2);
}

TEST(CommandLine, SuggestsTheStateThatWasMeantInsteadOfWaitingForEver) {
  const Ran ran = run_signed_in({"wait", "stack/web", "--for=status=helthy"}, {});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("next: --for=status=healthy"));
  const Ran strange = run_signed_in({"wait", "stack/web", "--for=status=foo"}, {});
  EXPECT_EQ(strange.exit, 2);
  EXPECT_THAT(strange.err, HasSubstr("--for=status=healthy|degraded|drifted|pending|failed"));
}

TEST(CommandLine, SuggestsTheKindThatWasMeant) {
  const Ran ran = run_signed_in({"get", "sits"}, {});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean sites?"));
}

TEST(CommandLine, TakesCommonOptionsBeforeTheCommand) {
  const auto parsed = parse(all_commands(), {"--context", "prod", "get", "sites"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->command->path, "get");
  EXPECT_EQ(parsed->options.get("context"), "prod");
  EXPECT_EQ(parsed->options.get("KIND"), "sites");
}

TEST(CommandLine, ShowsHelpWithExamplesFirst) {
  FakeWorld world;
  const Ran ran = run_words({"apply", "--help"}, world);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_LT(ran.out.find("Examples:"), ran.out.find("Usage:"));
}

TEST(CommandLine, WithoutAnyWordShowsEveryCommand) {
  FakeWorld world;
  EXPECT_THAT(run_words({}, world).out, HasSubstr("token create"));
}

TEST(CommandLine, WithAGroupShowsItsCommands) {
  FakeWorld world;
  const Ran ran = run_words({"site"}, world);
  EXPECT_THAT(ran.out, HasSubstr("site journal"));
  EXPECT_EQ(ran.exit, 0);
}

TEST(CommandLine, CompletionKnowsEveryShownCommand) {
  FakeWorld world;
  const Ran ran = run_words({"completion", "bash"}, world);
  EXPECT_THAT(ran.out, HasSubstr("\"token\"*) words=\"create\""));
  EXPECT_THAT(ran.out, HasSubstr("--dry-run"));
}

// The exit codes of docs/user/cli-reference.md, one by one.

client::Reply answer(unsigned status, std::string body = "{}") {
  return {.status = status, .body = std::move(body)};
}

Error transport_error(ErrorCode code) {
  return {.kind = ErrorKind::unavailable, .code = code, .message = "tried"};
}

TEST(ExitCode, Is3ForWhatIsNotThere) {
  EXPECT_EQ(run_signed_in({"get", "site", "x"}, {answer(404)}).exit, 3);
}

TEST(ExitCode, Is4ForATokenThatIsNotTaken) {
  EXPECT_EQ(run_signed_in({"get", "sites"}, {answer(401)}).exit, 4);
}

TEST(ExitCode, Is4ForWhoMayNot) {
  EXPECT_EQ(run_signed_in({"get", "sites"}, {answer(403)}).exit, 4);
}

TEST(ExitCode, Is4WithoutAnyServer) {
  FakeWorld world;
  world.variables["SKERRY_CONFIG"] = "/nonexistent/skerry.yaml";
  const Ran ran = run_words({"get", "sites"}, world);
  EXPECT_EQ(ran.exit, 4);
  EXPECT_THAT(ran.err, HasSubstr("next: skerry login"));
}

TEST(ExitCode, Is5ForAConflict) {
  EXPECT_EQ(run_signed_in({"delete", "stack/web"}, {answer(412)}).exit, 5);
}

TEST(ExitCode, Is6ForWhatTheServerCannotTake) {
  EXPECT_EQ(run_signed_in({"get", "sites"}, {answer(422)}).exit, 6);
}

TEST(ExitCode, Is6ForATokenThatIsNoWord) {
  FakeWorld world;
  world.sign_in();
  world.variables["SKERRY_TOKEN"] = "very-secret-token\nx: y";
  const Ran ran = run_words({"get", "sites"}, world);
  EXPECT_EQ(ran.exit, 6);
  EXPECT_THAT(ran.err, HasSubstr("error: the token holds a blank or a control character"));
  EXPECT_EQ(ran.err.find("very-secret-token"), std::string::npos);
  EXPECT_TRUE(world.server.connected.empty());
}

TEST(ExitCode, Is7WithoutAnAnswerInTime) {
  const Error error = transport_error(client::no_answer_in_time);
  EXPECT_EQ(run_signed_in({"get", "sites"}, {fail(error)}).exit, 7);
}

TEST(ExitCode, Is9WithoutAServer) {
  const Ran ran = run_signed_in({"get", "sites"}, {fail(transport_error(client::unreachable))});
  EXPECT_EQ(ran.exit, 9);
  EXPECT_THAT(ran.err,
              HasSubstr("error: cannot reach the server at https://edge.example:8443\n"
                        "  why:  tried\n"));
}

TEST(ExitCode, Is9ForAnotherKeyThanThePinnedOne) {
  const Ran ran =
      run_signed_in({"get", "sites"}, {fail(transport_error(client::wrong_server_key))});
  EXPECT_EQ(ran.exit, 9);
  EXPECT_THAT(ran.err, HasSubstr("ask its admin for the key's fingerprint"));
}

TEST(ExitCode, Is10ForAServerThatFails) {
  EXPECT_EQ(run_signed_in({"get", "sites"}, {answer(500)}).exit, 10);
  EXPECT_EQ(run_signed_in({"get", "sites"}, {answer(503)}).exit, 10);
}

TEST(ExitCode, Is10ForAnAnswerNobodyUnderstands) {
  EXPECT_EQ(run_signed_in({"get", "sites"}, {answer(200, "<html>")}).exit, 10);
}

TEST(Session, AnotherServerGetsNeitherTokenNorPinOfTheContext) {
  FakeWorld world;
  world.sign_in();
  world.variables.erase("SKERRY_TOKEN");
  const Ran ran = run_words({"get", "sites", "--server", "https://elsewhere:8443"}, world);
  EXPECT_EQ(ran.exit, 4);
  EXPECT_TRUE(world.server.asked.empty());
}

std::string told(std::string_view id, std::string_view type, std::string_view state) {
  std::string frame = "id: " + std::string(id) + "\ndata: {\"type\":\"" + std::string(type) +
                      R"(","kind":"Site","name":"a")";
  if (!state.empty()) {
    frame +=
        R"(,"site":{"metadata":{"name":"a"},"status":{"state":")" + std::string(state) + "\"}}";
  }
  return frame + "}\n\n";
}

Ran watch(FakeWorld& world, std::deque<Result<client::Reply>> replies) {
  world.sign_in();
  world.server.replies = std::move(replies);
  return run_words({"get", "sites", "-w", "-o", "name"}, world);
}

TEST(Watch, GoesOnAfterARestartOfTheServerWhereItStood) {
  FakeWorld world;
  const Ran ran = watch(world,
                        {answer(200, told("7", "Added", "Pending")),
                         fail(transport_error(client::unreachable)),
                         answer(503),
                         answer(200, told("9", "Modified", "Healthy")),
                         answer(401)});
  EXPECT_EQ(ran.exit, 4);
  EXPECT_EQ(ran.out, "site/a\nsite/a\n");
  EXPECT_THAT(ran.err,
              HasSubstr("the server ended the watch; trying again in 1 s\n"
                        "tried; trying again in 2 s\n"));
  ASSERT_EQ(world.server.asked.size(), 5U);
  EXPECT_EQ(world.server.asked[0].position, "");
  EXPECT_EQ(world.server.asked[1].position, "7");
  EXPECT_EQ(world.server.asked[3].position, "7");
  EXPECT_EQ(world.server.asked[4].position, "9");
  // 1, 2 and 4 s, and 1 s again once it went on.
  EXPECT_EQ(world.clock.passed, std::chrono::seconds(8));
}

TEST(Watch, DoesNotRepeatWhatItHasShown) {
  FakeWorld world;
  const Ran ran = watch(world,
                        {answer(200, told("7", "Added", "Pending")),
                         answer(200, told("7", "Modified", "Pending") + told("8", "Deleted", "")),
                         answer(401)});
  EXPECT_EQ(ran.out, "site/a\na   deleted\n");
}

TEST(Watch, BeginsAnewWhereTheServerHasForgottenItsPlace) {
  FakeWorld world;
  watch(world,
        {answer(200, told("7", "Added", "Pending")),
         answer(200, "id: 9\ndata: {\"type\":\"Resync\"}\n\n"),
         answer(401)});
  ASSERT_EQ(world.server.asked.size(), 3U);
  EXPECT_EQ(world.server.asked[2].position, "");
  // No wait between: the server is there.
  EXPECT_EQ(world.clock.passed, std::chrono::seconds(1));
}

TEST(Watch, ThatNeverBeganEndsAtOnce) {
  FakeWorld world;
  EXPECT_EQ(watch(world, {fail(transport_error(client::unreachable))}).exit, 9);
  EXPECT_EQ(world.server.asked.size(), 1U);
}

TEST(Watch, EndsWhereTheServersKeyIsAnother) {
  FakeWorld world;
  const Ran ran = watch(world,
                        {answer(200, told("7", "Added", "Pending")),
                         fail(transport_error(client::wrong_server_key))});
  EXPECT_EQ(ran.exit, 9);
  EXPECT_EQ(world.server.asked.size(), 2U);
}

TEST(Verbose, ShowsTheServersCodeAndRequestId) {
  client::Reply reply = answer(404, R"({"code":"no_such_site","detail":"there is no site x"})");
  reply.request_id = "01J-42";
  const Ran ran = run_signed_in({"get", "site/x", "-v"}, {reply});
  EXPECT_THAT(ran.err, HasSubstr("no_such_site"));
  EXPECT_THAT(ran.err, HasSubstr("01J-42"));
}

}  // namespace
}  // namespace skerry::cli
