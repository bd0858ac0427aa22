#include "resource/write.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "resource/json.h"
#include "resource/yaml.h"

namespace skerry::resource {
namespace {

Node text_node(std::string text) {
  return {.style = Node::Style::double_quoted, .text = std::move(text)};
}

std::string yaml_of(std::string_view text) {
  const Result<Node> node = read_one_yaml(text, {});
  EXPECT_TRUE(node) << to_string(node.error());
  return node ? write_yaml(*node) : "";
}

std::string json_of(std::string_view text) {
  const Result<Node> node = read_one_yaml(text, {});
  EXPECT_TRUE(node) << to_string(node.error());
  return node ? write_json(*node) : "";
}

/// Equal in what they mean: kinds, keys in order, types and texts.
bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.keys.size() != b.keys.size() || a.items.size() != b.items.size() ||
      type_of(a) != type_of(b) || a.text != b.text) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same(a.items[i], b.items[i]) || (a.is_mapping() && a.keys[i].text != b.keys[i].text)) {
      return false;
    }
  }
  return true;
}

/// Texts of the pieces that YAML is particular about.
rc::Gen<std::string> nasty_text() {
  static const std::vector<std::string> pieces{"a",
                                               "Z9",
                                               " ",
                                               "  ",
                                               "\n",
                                               "\n\n",
                                               "\t",
                                               ":",
                                               ": ",
                                               " #",
                                               "-",
                                               "- ",
                                               "---",
                                               "...",
                                               "'",
                                               "\"",
                                               "\\",
                                               "{",
                                               "]",
                                               ",",
                                               "&",
                                               "*x",
                                               "!",
                                               "|",
                                               ">",
                                               "%",
                                               "@",
                                               "`",
                                               "?",
                                               "yes",
                                               "null",
                                               "~",
                                               "0",
                                               "1e3",
                                               ".inf",
                                               "0x1F",
                                               "<<",
                                               "=",
                                               "\r",
                                               "\x01",
                                               "\x7F",
                                               "\xC2\x85",
                                               "\xC2\x9F",
                                               "é",
                                               "\xE2\x80\xA8",
                                               "\xE2\x80\xA9",
                                               "\xEF\xBB\xBF",
                                               "\xEF\xBF\xBE",
                                               "\xEF\xBF\xBF",
                                               "😀",
                                               "\xEF\xBF\xBD"};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)),
                      [](const std::vector<std::string>& chosen) {
                        std::string text;
                        for (const std::string& piece : chosen) {
                          text += piece;
                        }
                        return text;
                      });
}

/// A tree out of one text, so that every place a scalar can stand in is tried.
Node tree_around(const std::string& text) {
  Node inner{.kind = Node::Kind::mapping};
  inner.keys = {text_node("k" + text), text_node("empty")};
  inner.items = {text_node(text), Node{.kind = Node::Kind::sequence}};
  Node list{.kind = Node::Kind::sequence};
  list.items = {text_node(text), inner, list, Node{.text = "12"}, text_node(text)};
  Node nested{.kind = Node::Kind::sequence};
  nested.items = {list, inner};
  Node root{.kind = Node::Kind::mapping};
  root.keys = {text_node("x"), text_node("y"), text_node(text + "!")};
  root.items = {nested, text_node(text), inner};
  return root;
}

RC_GTEST_PROP(Write, YamlReadsBackAsTheSameTree, ()) {
  const Node tree = tree_around(*nasty_text());
  const std::string text = write_yaml(tree);
  const Result<Node> back = read_one_yaml(text, {});
  if (!back) {
    RC_FAIL(to_string(back.error()) + "\n" + text);
  }
  RC_ASSERT(same(tree, *back));
  RC_ASSERT(write_yaml(*back) == text);
}

RC_GTEST_PROP(Write, AScalarAloneReadsBackAsTheSameText, ()) {
  const Node node = text_node(*nasty_text());
  const Result<Node> back = read_one_yaml(write_yaml(node), {});
  RC_ASSERT(back.has_value());
  RC_ASSERT(same(node, *back));
}

RC_GTEST_PROP(Write, JsonReadsBackAsTheSameTree, ()) {
  const Node tree = tree_around(*nasty_text());
  for (const JsonLayout layout : {JsonLayout::one_line, JsonLayout::indented}) {
    const Result<Node> back = read_json(write_json(tree, layout), {});
    RC_ASSERT(back.has_value());
    RC_ASSERT(same(tree, *back));
  }
}

TEST(Write, QuotesWhatEitherYamlTakesForSomethingElse) {
  EXPECT_EQ(
      yaml_of("['yes', 'No', 'true', '12', '1.5', '', 'a: b', '~', '2026-03-02', plain text]"),
      "- \"yes\"\n- \"No\"\n- \"true\"\n- \"12\"\n- \"1.5\"\n- \"\"\n- \"a: b\"\n- \"~\"\n"
      "- \"2026-03-02\"\n- plain text\n");
}

TEST(Write, PutsLinesIntoABlock) {
  EXPECT_EQ(
      yaml_of("{compose: \"services:\\n  web: {}\\n\", cut: \"a\\nb\", led: \" a\\nb\\n\\n\"}"),
      "compose: |\n  services:\n    web: {}\ncut: |-\n  a\n  b\nled: |2+\n   a\n  b\n\n");
}

TEST(Write, IndentsListsUnderTheirKey) {
  EXPECT_EQ(yaml_of("{a: [{b: 1, c: [2, [3]]}, []], d: {}}"),
            "a:\n  - b: 1\n    c:\n      - 2\n      - - 3\n  - []\nd: {}\n");
}

TEST(Write, GivesALongKeyItsOwnLine) {
  const std::string key(600, 'k');
  EXPECT_EQ(yaml_of("? " + key + "\n: {a: 1}\n"), "? \"" + key + "\"\n:\n  a: 1\n");
}

TEST(Write, MakesJsonOfYamlsNumbersAndWords) {
  EXPECT_EQ(json_of("[0x1F, 0o17, +1, 007, .5, 1., 1e3, True, ~, yes, 'a\"b']"),
            "[31,15,1,7,0.5,1,1000,true,null,\"yes\",\"a\\\"b\"]");
}

TEST(Write, IndentsJsonOnRequest) {
  EXPECT_EQ(write_json(*read_one_yaml("{a: [1, {}], b: []}", {}), JsonLayout::indented),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
}

}  // namespace
}  // namespace skerry::resource
