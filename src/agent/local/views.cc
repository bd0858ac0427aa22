#include "agent/local/views.h"

#include "agent/local/json_writer.h"
#include "document/report.h"

namespace skerry::agent::local {
namespace {

using document::Reason;

constexpr std::size_t spool_shown_max = 500;

std::string number_text(document::PlanNumber number) {
  return std::to_string(number.term) + "." + std::to_string(number.seq);
}

void write_reasons(JsonWriter& json, std::string_view key, const std::vector<Reason>& reasons) {
  json.begin_array(key);
  for (const Reason& reason : reasons) {
    json.begin_object();
    json.text("code", reason.code);
    json.text("subject", reason.subject);
    json.text("message", reason.message);
    json.end_object();
  }
  json.end_array();
}

void write_service(JsonWriter& json, const document::ServiceStatus& service) {
  json.begin_object();
  json.text("name", service.name);
  json.text("state", to_string(service.state));
  json.text("container", service.container);
  json.text("image", service.image);
  json.truth("unpinned", service.unpinned);
  json.number("restarts", service.restarts);
  write_reasons(json, "reasons", service.reasons);
  json.end_object();
}

void write_stacks(JsonWriter& json, const std::vector<document::StackStatus>& stacks) {
  json.begin_array("stacks");
  for (const document::StackStatus& stack : stacks) {
    json.begin_object();
    json.text("name", stack.name);
    json.text("state", to_string(stack.state));
    json.text("release", to_string(stack.release));
    json.text("wanted", to_string(stack.wanted));
    write_reasons(json, "reasons", stack.reasons);
    json.begin_array("services");
    for (const document::ServiceStatus& service : stack.services) {
      write_service(json, service);
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

void write_drift(JsonWriter& json, const std::vector<document::Drift>& drift) {
  json.begin_array("drift");
  for (const document::Drift& item : drift) {
    json.begin_object();
    json.text("stack", item.stack);
    json.text("object", item.object);
    json.text("field", item.field);
    json.text("wanted", item.wanted);
    json.text("found", item.found);
    json.end_object();
  }
  json.end_array();
}

void write_link(JsonWriter& json, const Link& link) {
  json.begin_object("link");
  json.truth("connected", link.is_steady());
  if (!link.is_steady() && link.last_error()) {
    json.text("lastError", to_string(*link.last_error()));
  }
  json.end_object();
}

void write_revision(JsonWriter& json,
                    std::string_view key,
                    const std::optional<PinnedRevision>& revision) {
  if (revision) {
    json.text(key, to_string(revision->revision.release));
  }
}

}  // namespace

std::string status(const Agent& agent) {
  const document::Report report = agent.report();
  JsonWriter json;
  json.begin_object();
  json.text("site", to_string(agent.intake().anchors().site));
  write_link(json, agent.link());
  json.text("accepted", number_text(report.accepted));
  write_reasons(json, "conditions", report.conditions);
  write_stacks(json, report.stacks);
  write_drift(json, report.drift);
  json.begin_object("refusals");
  for (const auto& [code, count] : agent.intake().refusals()) {
    json.number(code, count);
  }
  json.end_object();
  json.end_object();
  return json.str();
}

std::string floor(const Agent& agent) {
  const FloorRecord floor = agent.ledger().floor();
  JsonWriter json;
  json.begin_object();
  json.number("term", floor.number.term);
  json.number("seq", floor.number.seq);
  json.text("digest", to_string(floor.digest));
  json.truth("lost", agent.intake().in_adopt_mode());
  json.number("start", agent.ledger().start_counter());
  json.end_object();
  return json.str();
}

std::string journal(const Agent& agent) {
  JsonWriter json;
  json.begin_object();
  json.begin_array("stacks");
  for (const StackRecord& record : agent.stack_records()) {
    json.begin_object();
    json.text("name", record.stack);
    write_revision(json, "lastKnownGood", record.good);
    write_revision(json, "applying", record.applying);
    json.number("attempts", record.attempts);
    if (record.quarantined) {
      json.text("quarantined", to_string(record.quarantined->release));
      json.text("quarantineReason", record.quarantine_reason);
    }
    json.end_object();
  }
  json.end_array();
  json.number("ledgerBytes", agent.ledger().file_bytes());
  json.end_object();
  return json.str();
}

Result<std::string> spool(const Agent& agent) {
  SKERRY_TRY(const std::vector<document::Event> events, agent.outbox().next({}, spool_shown_max));
  JsonWriter json;
  json.begin_object();
  json.number("waiting", agent.outbox().size());
  json.begin_array("events");
  for (const document::Event& event : events) {
    json.begin_object();
    json.text("number",
              std::to_string(event.number.start) + "." + std::to_string(event.number.seq));
    json.text("code", event.code);
    json.text("stack", event.stack);
    json.text("object", event.object);
    json.text("message", event.message);
    json.text("field", event.field);
    json.text("wanted", event.wanted);
    json.text("found", event.found);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.str();
}

}  // namespace skerry::agent::local
