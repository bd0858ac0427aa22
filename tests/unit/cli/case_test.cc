// Golden output: tests/data/cli/*.case each tell one run of the command line against a server that
// answers by hand. A file is sections that begin with "== ":
//
//   == command             the words after `skerry`, one a line where they hold blanks
//   == stdin               what is on standard input
//   == width 60            of the screen; without it the output is no terminal
//   == request PUT /path   the next request must be this; its body where one is given
//   == reply 200 created   what it is answered with, and what it says a change did
//   == agent               what the site's agent answers with
//   == exit 0  == out  == err
//
// $DATA in a command is the folder of the cases. With SKERRY_UPDATE_CASES set the last three are
// written anew; look at the difference before it is committed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/run.h"
#include "fake_outside.h"

namespace skerry::cli {
namespace {

namespace fs = std::filesystem;

const std::string data_folder = SKERRY_TEST_DATA "/cli";

struct Section {
  std::string title = {};
  std::string body = {};
};

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Section> sections_of(const std::string& text) {
  std::vector<Section> sections;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("== ")) {
      sections.push_back({.title = line.substr(3)});
    } else if (!sections.empty()) {
      sections.back().body += line + "\n";
    }
  }
  return sections;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// Words of one line at blanks; of many lines a line is a word.
std::vector<std::string> words_of(std::string text) {
  text = replaced(std::move(text), "$DATA", data_folder);
  text.resize(text.find_last_not_of('\n') + 1);
  const char separator = text.find('\n') == std::string::npos ? ' ' : '\n';
  std::vector<std::string> words;
  for (const auto word : split(text, separator)) {
    words.emplace_back(word);
  }
  return words;
}

std::string outcome_of(int exit, const FakeTerminal& terminal) {
  return "== exit " + std::to_string(exit) + "\n== out\n" +
         replaced(terminal.written_out, data_folder, "$DATA") + "== err\n" +
         replaced(terminal.written_err, data_folder, "$DATA");
}

struct Told {
  FakeWorld world = {};
  std::vector<std::string> words = {};
  std::vector<Section> requests = {};
  std::string given = {};     // The case up to its outcome, as it is written.
  std::string expected = {};  // The outcome.
};

void take_section(Told& told, const Section& section) {
  const std::string word = section.title.substr(0, section.title.find(' '));
  const std::string rest =
      section.title.size() > word.size() ? section.title.substr(word.size() + 1) : "";
  if (word == "command") {
    told.words = words_of(section.body);
  } else if (word == "stdin") {
    told.world.terminal.input = section.body;
  } else if (word == "width") {
    told.world.terminal.columns = std::stoul(rest);
    told.world.terminal.out_tty = true;
  } else if (word == "request") {
    told.requests.push_back({.title = rest, .body = section.body});
  } else if (word == "reply") {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    told.world.server.replies.push_back(
        client::Reply{.status = static_cast<unsigned>(std::stoul(rest.substr(0, blank))),
                      .outcome = rest.substr(std::min(blank + 1, rest.size())),
                      .body = section.body});
  } else if (word == "agent") {
    told.world.agent_says = section.body;
  }
}

void tell(const std::string& path, Told& told) {
  for (const Section& section : sections_of(read_all(path))) {
    const bool is_outcome =
        section.title.starts_with("exit ") || section.title == "out" || section.title == "err";
    std::string& text = is_outcome ? told.expected : told.given;
    text += "== " + section.title + "\n" + section.body;
    if (!is_outcome) {
      take_section(told, section);
    }
  }
}

void expect_requests(const Told& told) {
  ASSERT_EQ(told.requests.size(), told.world.server.asked.size())
      << "the last one: "
      << (told.world.server.asked.empty() ? "" : told.world.server.asked.back().line);
  for (std::size_t i = 0; i < told.requests.size(); ++i) {
    EXPECT_EQ(told.requests[i].title, told.world.server.asked[i].line);
    if (!told.requests[i].body.empty()) {
      const std::string& body = told.world.server.asked[i].body;
      EXPECT_EQ(told.requests[i].body, body.ends_with('\n') ? body : body + "\n");
    }
  }
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, ComesOutAsWritten) {
  const std::string path = data_folder + "/" + GetParam() + ".case";
  Told told;
  tell(path, told);
  told.world.sign_in();
  Outside outside = told.world.outside();
  const int exit = run(told.words, outside);
  const std::string outcome = outcome_of(exit, told.world.terminal);
  EXPECT_EQ(outcome.find("very-secret-token"), std::string::npos);
  expect_requests(told);
  if (std::getenv("SKERRY_UPDATE_CASES") != nullptr) {
    std::ofstream(path, std::ios::binary) << told.given << outcome;
  }
  EXPECT_EQ(told.expected, outcome);
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data_folder)) {
    if (entry.path().extension() == ".case") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& one) {
  std::string name = one.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cli, Cases, testing::ValuesIn(case_names()), test_name);

}  // namespace
}  // namespace skerry::cli
