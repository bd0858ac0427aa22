#include "compose/compile.h"

#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>

#include "compose/codes.h"
#include "describe.h"
#include "document/codec.h"
#include "resource/codes.h"
#include "resource/interpolate.h"

namespace skerry::compose {
namespace {

CompileOutput compile_text(std::string_view text, std::vector<Variable> variables = {}) {
  return compile({.text = text,
                  .source = {.file = "compose.yaml"},
                  .stack = "shop",
                  .variables = std::move(variables)});
}

ErrorCode first_code(const CompileOutput& output) {
  return output.errors.empty() ? ErrorCode{"accepted"} : output.errors[0].code;
}

TEST(Compile, NeverReadsTheProcessEnvironment) {
  ASSERT_EQ(setenv("SKERRY_TEST_CANARY", "leaked", 1), 0);
  const CompileOutput output = compile_text(
      "services:\n  a:\n    image: app\n    environment: [SKERRY_TEST_CANARY, \"B=$HOME$PATH\"]\n");
  EXPECT_EQ(document::encode(output.workload.value()).find("leaked"), std::string::npos);
  EXPECT_EQ(output.workload->services[0].environment.size(), 1U);
  EXPECT_EQ(output.workload->services[0].environment[0].value.literal, "");
  EXPECT_EQ(output.warnings.size(), 3U);
}

TEST(Compile, GivesEqualBytesWhateverTheOrderInTheFile) {
  const std::string one = R"(
services:
  b: {image: app, environment: {Y: "${SKERRY_SITE_NAME}", X: "${SKERRY_SITE_LABEL_A}"}, networks: [n, m]}
  a: {image: app, cap_add: [NET_RAW, chown], ports: ["90:90", "80:80"]}
networks: {n: {}, m: {}}
)";
  const std::string other = R"(
networks: {m: {}, n: {}}
services:
  a: {ports: ["80:80", "90:90"], image: app, cap_add: [CAP_CHOWN, NET_RAW]}
  b: {networks: [m, n], environment: ["X=${SKERRY_SITE_LABEL_A}", "Y=${SKERRY_SITE_NAME}"], image: app}
)";
  EXPECT_EQ(document::encode(compile_text(one).workload.value()),
            document::encode(compile_text(other).workload.value()));
}

TEST(Compile, PutsPositionsInTheOuterFile) {
  const std::string outer =
      "kind: Stack\nspec:\n  compose: |\n    services:\n      web:\n        imag: app\n";
  const resource::Node root = resource::read_one_yaml(outer, {.file = "stack.yaml"}).value();
  const resource::Node* const block = root.get("spec")->get("compose");
  const CompileOutput output =
      compile({.text = block->text,
               .source = {.file = "stack.yaml", .origin = resource::origin_of(*block)},
               .stack = "shop"});
  EXPECT_EQ(
      describe(output.errors),
      "stack.yaml:5:7  services.web: a service needs an image [missing_field]\n"
      "stack.yaml:6:9  services.web.imag: unknown field 'imag' [unknown_field] | did you mean "
      "'image'?\n");
}

TEST(Compile, StopsCollectingErrorsAtItsCap) {
  std::string text = "services:\n";
  for (int i = 0; i < 1000; ++i) {
    text += "  s" + std::to_string(i) + ": {imagine: app}\n";
  }
  EXPECT_EQ(compile_text(text).errors.size(), errors_max);
}

TEST(Compile, StopsCollectingWarningsAtItsCap) {
  std::string text = "services:\n  a:\n    image: app\n    command:\n";
  for (int i = 0; i < 1000; ++i) {
    text += "      - $UNSET\n";
  }
  EXPECT_EQ(compile_text(text).warnings.size(), warnings_max);
}

TEST(Compile, RefusesVariablesThatNobodyMayGive) {
  const std::string text = "services: {a: {image: app}}";
  EXPECT_EQ(first_code(compile_text(text, {{.name = "SKERRY_SITE_NAME", .value = "x"}})),
            invalid_value);
  EXPECT_EQ(first_code(compile_text(text, {{.name = "1A", .value = "x"}})), invalid_value);
  EXPECT_EQ(first_code(compile_text(text, {{.name = "A"}, {.name = "A"}})), invalid_value);
}

TEST(Compile, RefusesAStackNameThatIsNoProjectName) {
  const CompileInput input{.text = "services: {a: {image: app}}",
                           .source = {.file = "compose.yaml"},
                           .stack = "My.Shop"};
  EXPECT_EQ(describe(compile(input).errors),
            "compose.yaml:1:1  the stack's name 'My.Shop' is not a project name [invalid_value] | "
            "give the file a `name:` of lower-case letters, digits, and after the first one also _ "
            "and -; at most 63\n");
}

// Bombs: whatever a stranger sends is refused, or compiled, within bounds of time and size.

class Bomb : public testing::Test {
 protected:
  /// Far above the 100 ms that a bomb may cost, because the machine that tests is busy too.
  static constexpr std::chrono::seconds patience{5};

  CompileOutput compile_bomb(const std::string& text, std::vector<Variable> variables = {}) {
    const auto begin = std::chrono::steady_clock::now();
    CompileOutput output = compile_text(text, std::move(variables));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, patience);
    return output;
  }
};

TEST_F(Bomb, OfAliasesIsRefused) {
  std::string text = "x-a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "x-a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 8; ++j) {
      text += ", " + last;
    }
    text += "]\n";
  }
  const ErrorCode code = first_code(compile_bomb(text + "services: {a: {image: app}}\n"));
  EXPECT_TRUE(code == resource::too_many_nodes || code == resource::too_many_aliases) << code.name;
}

TEST_F(Bomb, OfMergeKeysIsRefused) {
  std::string text = "x-m0: &m0 {a: b}\n";
  for (int i = 1; i < 90; ++i) {
    text += "x-m" + std::to_string(i) + ": &m" + std::to_string(i) + " {<<: [*m" +
            std::to_string(i - 1) + ", *m" + std::to_string(i - 1) + "]}\n";
  }
  const CompileOutput output = compile_bomb(text + "services: {a: {image: app}}\n");
  EXPECT_FALSE(output.workload);
}

TEST_F(Bomb, OfDepthIsRefused) {
  EXPECT_EQ(first_code(compile_bomb("services: " + std::string(100'000, '['))), resource::too_deep);
}

TEST_F(Bomb, OfSizeIsRefused) {
  EXPECT_EQ(first_code(compile_bomb(std::string(2UL << 20, '#'))), resource::too_large);
}

TEST_F(Bomb, OfVariablesIsRefused) {
  std::string text = "services:\n  a:\n    image: app\n    command:\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "      - $A\n";
  }
  const CompileOutput output =
      compile_bomb(text, {{.name = "A", .value = std::string(65'536, 'a')}});
  EXPECT_EQ(first_code(output), resource::expansion_too_large);
}

TEST_F(Bomb, OfPortRangesIsRefused) {
  std::string text = "services:\n";
  for (int i = 0; i < 5'000; ++i) {
    text += "  s" + std::to_string(i) + ": {image: app, ports: [1-65535]}\n";
  }
  EXPECT_EQ(first_code(compile_bomb(text)), too_many);
}

TEST_F(Bomb, OfDependenciesIsWalkedWithoutRecursion) {
  constexpr int count = 8'000;
  std::string text = "services:\n";
  for (int i = 0; i < count; ++i) {
    text += "  s" + std::to_string(i) + ": {image: app, depends_on: [s" +
            std::to_string((i + 1) % count) + "]}\n";
  }
  EXPECT_EQ(first_code(compile_bomb(text)), dependency_cycle);
}

TEST_F(Bomb, OfMountsInTheWrongOrderIsSortedOnce) {
  std::string text = "services:\n  a:\n    image: app\n    volumes:\n";
  for (int i = 170'000; i > 100'000; --i) {
    text += "    - /" + std::to_string(i) + "\n";
  }
  const CompileOutput output = compile_bomb(text);
  ASSERT_TRUE(output.workload);
  EXPECT_EQ(output.workload->services[0].mounts.front().target, "/100001");
  EXPECT_EQ(output.workload->services[0].mounts.back().target, "/170000");
}

TEST_F(Bomb, OfMissingNamesIsRefused) {
  std::string text = "services:\n";
  for (int i = 0; i < 12'000; ++i) {
    text += "  s" + std::to_string(i) + ": {image: app}\n";
  }
  text += "  a:\n    image: app\n    depends_on:\n";
  for (int i = 0; i < 40'000; ++i) {
    text += "    - x" + std::to_string(i) + "\n";
  }
  const CompileOutput output = compile_bomb(text);
  EXPECT_EQ(first_code(output), undefined_name);
  EXPECT_EQ(output.errors.size(), errors_max);
  EXPECT_EQ(output.errors[0].hint, "");  // Each would look at 12,000 names.
}

TEST_F(Bomb, OfWrongCapabilitiesIsRefused) {
  std::string text = "services:\n  a:\n    image: app\n    cap_add:\n";
  for (int i = 0; i < 75'000; ++i) {
    text += "    - c" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(first_code(compile_bomb(text)), invalid_value);
}

TEST(Compile, NamesEachThatIsThereTwiceInTheOrderOfTheFile) {
  EXPECT_EQ(describe(compile_text("services:\n"
                                  "  a: {image: app}\n"
                                  "  b: {image: app}\n"
                                  "  c:\n"
                                  "    image: app\n"
                                  "    depends_on: [b, a, b, a]\n"
                                  "    tmpfs: [/z, /y]\n"
                                  "    volumes: [/x, /y]\n")
                         .errors),
            "compose.yaml:6:24  services.c.depends_on[2]: 'b' is there already [duplicate_value]\n"
            "compose.yaml:6:27  services.c.depends_on[3]: 'a' is there already [duplicate_value]\n"
            "compose.yaml:8:19  services.c.volumes[1]: something is mounted at /y already "
            "[duplicate_value]\n");
}

TEST_F(Bomb, OfUnknownNamesIsRefused) {
  std::string text = "services:\n  a:\n    image: app\n";
  for (int i = 0; i < 40'000; ++i) {
    text += "    f" + std::to_string(i) + ": 1\n";
  }
  EXPECT_EQ(first_code(compile_bomb(text)), unknown_field);
}

TEST_F(Bomb, OfNestedDefaultsIsRefused) {
  std::string nested = "a";
  for (int i = 0; i < 20'000; ++i) {
    nested = "${X:-" + nested + "}";
  }
  EXPECT_EQ(first_code(compile_bomb("services: {a: {image: \"" + nested + "\"}}")),
            resource::bad_interpolation);
}

}  // namespace
}  // namespace skerry::compose
