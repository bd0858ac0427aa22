#include "cli/view.h"

#include "cli/table.h"
#include "resource/write.h"

namespace skerry::cli {
namespace {

resource::Node scalar(std::string_view text) {
  return {.style = resource::Node::Style::double_quoted, .text = std::string(text)};
}

resource::Node list_node(const resource::Kind& kind, const std::vector<client::Object>& objects) {
  resource::Node items{.kind = resource::Node::Kind::sequence};
  for (const client::Object& object : objects) {
    items.items.push_back(object.node);
  }
  resource::Node list{.kind = resource::Node::Kind::mapping};
  list.keys = {scalar("apiVersion"), scalar("kind"), scalar("items")};
  list.items = {scalar(resource::api_version), scalar(std::string(kind.name) + "List"), items};
  return list;
}

std::string names_of(const std::vector<client::Object>& objects) {
  std::string out;
  for (const client::Object& object : objects) {
    out += reference_of(object) + "\n";
  }
  return out;
}

bool is_set(const std::optional<std::string>& value) {
  return value && !value->empty();
}

}  // namespace

Format format_of(const Options& options) {
  const std::string word = options.get("output");
  if (word == "wide") {
    return Format::wide;
  }
  if (word == "json") {
    return Format::json;
  }
  if (word == "yaml") {
    return Format::yaml;
  }
  return word == "name" ? Format::name : Format::table;
}

Look look_of(const Options& options, const Outside& outside) {
  Look look{.ascii = options.has("ascii"), .width = outside.terminal.width()};
  const std::string colour = options.get("color", "auto");
  const bool plain =
      is_set(outside.variable("NO_COLOR")) || outside.variable("TERM").value_or("") == "dumb";
  look.colour = colour == "always" || (colour == "auto" && outside.terminal.out_is_tty() && !plain);
  return look;
}

std::string show_list(const resource::Kind& kind,
                      const std::vector<client::Object>& objects,
                      Format format,
                      const Look& look,
                      WallTime now) {
  switch (format) {
    case Format::json:
      return resource::write_json(list_node(kind, objects), resource::JsonLayout::indented);
    case Format::yaml:
      return resource::write_yaml(list_node(kind, objects));
    case Format::name:
      return names_of(objects);
    case Format::table:
    case Format::wide:
      break;
  }
  Table table(head_of(kind, format));
  for (const client::Object& object : objects) {
    table.add(row_of(object, format, look, now));
  }
  return table.text(format == Format::wide ? 0 : look.width, look.ascii ? "..." : "…");
}

std::string show_one(client::Object object, Format format, const Look& look, WallTime now) {
  if (format == Format::json) {
    return resource::write_json(object.node, resource::JsonLayout::indented);
  }
  if (format == Format::yaml) {
    return resource::write_yaml(object.node);
  }
  const resource::Kind& kind = *object.kind;
  std::vector<client::Object> one;
  one.push_back(std::move(object));
  return show_list(kind, one, format, look, now);
}

}  // namespace skerry::cli
