#include <algorithm>
#include <array>

#include "cli/kinds.h"
#include "cli/view.h"
#include "skerry/api/v1/access.pb.h"
#include "skerry/api/v1/history.pb.h"
#include "skerry/api/v1/meta.pb.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

struct Cells {
  const Look& look;
  WallTime now = {};
};

using Row = std::vector<std::string>;

/// A kind's columns: those of the table, then those that only `wide` has.
struct Columns {
  std::string_view kind = {};
  std::vector<std::string> table = {};
  std::vector<std::string> wide = {};
  Row (*row)(const client::Object& object, const Cells& cells) = nullptr;
};

template <class Enum>
std::string word(Enum value) {
  const auto* described =
      google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(static_cast<int>(value));
  return described == nullptr ? std::string() : resource::word_of(*described);
}

std::string text_or_dash(std::string_view text) {
  return text.empty() ? "-" : printable(text);
}

std::string labels_text(const google::protobuf::Map<std::string, std::string>& labels) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : labels) {
    parts.push_back(printable(key + "=" + value));
  }
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) {
    out.append(out.empty() ? "" : ",").append(part);
  }
  return out.empty() ? "-" : out;
}

std::string fact(const api::v1::SiteStatus& status, const std::string& name) {
  const auto found = status.facts().find("skerry/" + name);
  return found == status.facts().end() ? "-" : text_or_dash(found->second);
}

/// Offline stands beside the state, never instead of it.
std::string link_text(const api::v1::SiteStatus& status, const Cells& cells) {
  if (status.connected()) {
    return state_text("Live", cells.look);
  }
  const std::string since =
      status.last_seen_at_ms() == 0 ? "" : " " + age_since(status.last_seen_at_ms(), cells.now);
  return state_text("Offline", cells.look) + since;
}

std::string site_state(const api::v1::SiteStatus& status) {
  using Enrolment = api::v1::Enrolment;
  const bool is_in =
      status.enrolment() == Enrolment::ENROLLED || status.enrolment() == Enrolment::UNSPECIFIED;
  return is_in ? word(status.state()) : word(status.enrolment());
}

Row site_row(const client::Object& object, const Cells& cells) {
  const auto& site = object.as<api::v1::Site>();
  const auto& status = site.status();
  const auto healthy =
      std::count_if(status.stacks().begin(), status.stacks().end(), [](const auto& stack) {
        return stack.state() == api::v1::WorkloadState::HEALTHY;
      });
  return {printable(site.metadata().name()),
          state_text(site_state(status), cells.look),
          link_text(status, cells),
          std::to_string(healthy) + "/" + std::to_string(status.stacks_size()),
          std::to_string(status.drift_size()),
          age_since(site.metadata().created_at_ms(), cells.now),
          fact(status, "arch"),
          fact(status, "agent-version"),
          labels_text(site.metadata().labels()),
          site.metadata().uid()};
}

Row stack_row(const client::Object& object, const Cells& cells) {
  const auto& stack = object.as<api::v1::Stack>();
  const auto& sites = stack.status().sites();
  const std::string& digest = stack.status().release().digest();
  const std::string_view hex = std::string_view(digest).substr(digest.find(':') + 1);
  return {printable(stack.metadata().name()),
          state_text(stack_state(object), cells.look),
          std::to_string(sites.healthy()) + "/" + std::to_string(sites.matched()),
          std::to_string(sites.failed()),
          std::to_string(sites.drifted()),
          text_or_dash(hex.substr(0, 12)),
          age_since(stack.metadata().updated_at_ms(), cells.now),
          std::to_string(stack.metadata().generation()),
          std::to_string(sites.offline()),
          labels_text(stack.metadata().labels()),
          stack.metadata().uid()};
}

Row enrollment_token_row(const client::Object& object, const Cells& cells) {
  const auto& token = object.as<api::v1::EnrollmentToken>();
  const auto uses_max = std::max<std::uint32_t>(token.spec().uses_max(), 1);
  return {printable(token.metadata().name()),
          std::to_string(token.status().uses()) + "/" + std::to_string(uses_max),
          time_text(token.status().expires_at_ms()),
          token.spec().approval_required() ? "required" : "no",
          age_since(token.metadata().created_at_ms(), cells.now),
          labels_text(token.spec().labels())};
}

Row user_row(const client::Object& object, const Cells& cells) {
  const auto& user = object.as<api::v1::User>();
  return {printable(user.metadata().name()),
          text_or_dash(user.spec().display_name()),
          user.spec().disabled() ? "yes" : "no",
          age_since(user.status().last_login_at_ms(), cells.now),
          age_since(user.metadata().created_at_ms(), cells.now)};
}

Row api_token_row(const client::Object& object, const Cells& cells) {
  const auto& token = object.as<api::v1::ApiToken>();
  return {printable(token.metadata().name()),
          text_or_dash(token.spec().user()),
          time_text(token.status().expires_at_ms()),
          age_since(token.status().last_used_at_ms(), cells.now),
          age_since(token.metadata().created_at_ms(), cells.now)};
}

Row audit_row(const client::Object& object, const Cells& /*cells*/) {
  const auto& record = object.as<api::v1::AuditRecord>();
  return {std::to_string(record.revision()),
          time_text(record.at_ms()),
          text_or_dash(record.actor()),
          text_or_dash(record.action()),
          printable(record.object_kind() + "/" + record.object_name()),
          text_or_dash(record.hash())};
}

Row event_row(const client::Object& object, const Cells& cells) {
  const auto& event = object.as<api::v1::Event>();
  std::string about = event.stack();
  about += event.service().empty() ? "" : "/" + event.service();
  std::string message = event.message();
  for (const auto& difference : event.differences()) {
    message += " [" + difference.field() + ": wanted " + difference.wanted() + ", found " +
               difference.found() + "]";
  }
  return {time_text(event.at_ms()),
          text_or_dash(event.site()),
          state_text(word(event.severity()), cells.look),
          text_or_dash(event.reason()),
          text_or_dash(about),
          text_or_dash(message),
          std::to_string(event.start()) + "." + std::to_string(event.seq())};
}

const std::array<Columns, 7>& all_columns() {
  static const std::array<Columns, 7> columns{
      Columns{"Site",
              {"NAME", "STATE", "LINK", "STACKS", "DRIFT", "AGE"},
              {"ARCH", "AGENT", "LABELS", "UID"},
              site_row},
      Columns{"Stack",
              {"NAME", "STATE", "HEALTHY", "FAILED", "DRIFTED", "RELEASE", "CHANGED"},
              {"GENERATION", "OFFLINE", "LABELS", "UID"},
              stack_row},
      Columns{"EnrollmentToken",
              {"NAME", "USED", "EXPIRES", "APPROVAL", "AGE"},
              {"LABELS"},
              enrollment_token_row},
      Columns{"User", {"NAME", "DISPLAY NAME", "DISABLED", "LAST LOGIN", "AGE"}, {}, user_row},
      Columns{"ApiToken", {"NAME", "USER", "EXPIRES", "LAST USED", "AGE"}, {}, api_token_row},
      Columns{"AuditRecord", {"REVISION", "AT", "ACTOR", "ACTION", "OBJECT"}, {"HASH"}, audit_row},
      Columns{"Event",
              {"AT", "SITE", "SEVERITY", "REASON", "ABOUT", "MESSAGE"},
              {"NUMBER"},
              event_row}};
  return columns;
}

/// A newer kind still has a name.
Row plain_row(const client::Object& object, const Cells& cells) {
  const auto* metadata = resource::metadata_of(*object.message);
  return metadata == nullptr
             ? Row{"-", "-"}
             : Row{printable(metadata->name()), age_since(metadata->created_at_ms(), cells.now)};
}

const Columns& columns_of_kind(std::string_view kind) {
  static const Columns plain{"", {"NAME", "AGE"}, {}, plain_row};
  for (const Columns& columns : all_columns()) {
    if (columns.kind == kind) {
      return columns;
    }
  }
  return plain;
}

}  // namespace

std::vector<std::string> head_of(const resource::Kind& kind, Format format) {
  const Columns& columns = columns_of_kind(kind.name);
  std::vector<std::string> head = columns.table;
  if (format == Format::wide) {
    head.insert(head.end(), columns.wide.begin(), columns.wide.end());
  }
  return head;
}

std::vector<std::string> row_of(const client::Object& object,
                                Format format,
                                const Look& look,
                                WallTime now) {
  const Columns& columns = columns_of_kind(object.kind->name);
  Row row = columns.row(object, {.look = look, .now = now});
  if (format != Format::wide) {
    row.resize(columns.table.size());
  }
  return row;
}

std::string reference_of(const client::Object& object) {
  if (const auto* metadata = resource::metadata_of(*object.message)) {
    return reference_text(*object.kind, metadata->name());
  }
  if (object.kind->name == "Event") {
    const auto& event = object.as<api::v1::Event>();
    return reference_text(
        *object.kind,
        event.site() + "/" + std::to_string(event.start()) + "." + std::to_string(event.seq()));
  }
  return reference_text(*object.kind, std::to_string(object.as<api::v1::AuditRecord>().revision()));
}

std::string stack_state(const client::Object& object) {
  const auto& status = object.as<api::v1::Stack>().status();
  const auto& sites = status.sites();
  if (status.release().state() == api::v1::StackRelease::FAILED) {
    return "Failed";
  }
  const bool is_new =
      object.as<api::v1::Stack>().metadata().generation() > status.observed_generation();
  if (sites.failed() > 0) {
    return sites.failed() == sites.matched() ? "Failed" : "Degraded";
  }
  if (sites.drifted() > 0) {
    return "Drifted";
  }
  const bool all = sites.matched() > 0 && sites.healthy() == sites.matched() &&
                   sites.current() == sites.matched();
  return all && !is_new ? "Healthy" : "Pending";
}

}  // namespace skerry::cli
