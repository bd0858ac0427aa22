#include <algorithm>
#include <map>

#include "base/text.h"
#include "document/codec.h"
#include "document/report.h"
#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/lists.h"
#include "server/api/view.h"
#include "server/store/audit_hash.h"

namespace skerry::api {

namespace {

constexpr std::size_t limit_default = 100;
constexpr std::size_t rows_at_once = 500;

struct Range {
  std::size_t limit = limit_default;
  /// The cursor's number; 0 begins.
  std::uint64_t from = 0;
};

Result<Range> range_of(const Call& call) {
  Range range;
  if (const std::string_view limit = call.parameter("limit"); !limit.empty()) {
    range.limit = limit_of(limit);
    if (range.limit == 0) {
      return fail({.kind = ErrorKind::invalid,
                   .code = bad_parameter,
                   .message = "limit is a number from 1 to 1000"});
    }
  }
  SKERRY_TRY(const std::string key, key_of(call.parameter("cursor")));
  const std::optional<std::uint64_t> number = key.empty() ? 0 : parse_unsigned(key);
  if (!number) {
    return fail({.kind = ErrorKind::invalid,
                 .code = bad_cursor,
                 .message = "the cursor is none of this list's"});
  }
  range.from = *number;
  return range;
}

v1::Event show(const store::EventRow& row, const std::string& site) {
  v1::Event event;
  event.set_api_version("skerry/v1");
  event.set_kind("Event");
  event.set_site(site);
  event.set_start(row.number.start);
  event.set_seq(row.number.seq);
  event.set_at_ms(row.time.time_since_epoch().count());
  event.set_reason(reason_word(row.code));
  event.set_lost_before(row.code == "gap" ? row.count : 0);
  const Result<document::Event> body = document::decode<document::Event>(row.body);
  if (!body) {
    return event;
  }
  constexpr std::string_view service = "service ";
  event.set_severity(severity_of(*body));
  event.set_message(body->message);
  event.set_stack(body->stack);
  event.set_service(body->object.starts_with(service) ? body->object.substr(service.size())
                                                      : body->object);
  if (!body->field.empty()) {
    v1::EventDifference& difference = *event.add_differences();
    difference.set_field(body->field);
    difference.set_wanted(body->wanted);
    difference.set_found(body->found);
  }
  return event;
}

/// The name of a site by its number, each looked up once.
class SiteNames {
 public:
  explicit SiteNames(Desk& desk) : desk_(desk) {}

  Result<std::string> of(store::SiteNumber number) {
    if (!loaded_) {
      SKERRY_CHECK(load());
    }
    const auto found = names_.find(number);
    return found == names_.end() ? std::string() : found->second;
  }

 private:
  Status load() {
    loaded_ = true;
    std::map<Uuid, std::string> by_id;
    std::string after;
    for (bool more = true; more;) {
      SKERRY_TRY(const auto rows, desk_.reader().objects("Site", after, rows_at_once));
      for (const store::ObjectRow& row : rows) {
        by_id.emplace(row.uid, row.name);
      }
      more = rows.size() == rows_at_once;
      after = rows.empty() ? after : rows.back().name;
    }
    store::SiteNumber last = 0;
    for (bool more = true; more;) {
      SKERRY_TRY(const auto rows, desk_.reader().sites(last, rows_at_once));
      for (const store::SiteRow& row : rows) {
        names_.emplace(row.number, by_id[row.id]);
        last = row.number;
      }
      more = rows.size() == rows_at_once;
    }
    return {};
  }

  Desk& desk_;
  bool loaded_ = false;
  std::map<store::SiteNumber, std::string> names_;
};

/// One site's, newest first.
Result<v1::EventList> events_of_site(Desk& desk, const Call& call, const Range& range) {
  const std::string name(call.parameter("site"));
  SKERRY_TRY(const std::optional<store::ObjectRow> row, desk.reader().object("Site", name));
  std::optional<store::SiteRow> site;
  if (row) {
    SKERRY_TRY(site, desk.reader().site_by_id(row->uid));
  }
  if (!site) {
    return fail(
        {.kind = ErrorKind::not_found, .code = not_found, .message = "there is no site " + name});
  }
  SKERRY_TRY(const std::vector<store::EventRow> rows,
             desk.reader().events_of(site->number, range.from, range.limit));
  v1::EventList list;
  for (const store::EventRow& event : rows) {
    *list.add_items() = show(event, name);
  }
  if (rows.size() == range.limit) {
    list.mutable_page()->set_next(cursor_to(std::to_string(rows.back().id)));
  }
  return list;
}

/// Everybody's, newest first.
Result<v1::EventList> events_of_all(Desk& desk, const Range& range) {
  SKERRY_TRY(const std::vector<store::EventRow> rows,
             desk.reader().newest_events(range.from, range.limit));
  SiteNames names(desk);
  v1::EventList list;
  for (const store::EventRow& event : rows) {
    SKERRY_TRY(const std::string name, names.of(event.site));
    *list.add_items() = show(event, name);
  }
  if (rows.size() == range.limit) {
    list.mutable_page()->set_next(cursor_to(std::to_string(rows.back().id)));
  }
  return list;
}

v1::AuditRecord show(const store::AuditRow& row, const Crypto& crypto) {
  const auto text = [](const Digest& digest) { return digest.is_zero() ? "" : hex(digest); };
  v1::AuditRecord record;
  record.set_api_version("skerry/v1");
  record.set_kind("AuditRecord");
  record.set_revision(row.revision);
  record.set_at_ms(row.time.time_since_epoch().count());
  record.set_actor(row.actor);
  record.set_action(row.result == "ok" ? row.action : row.action + ": " + row.result);
  record.set_object_kind(row.kind);
  record.set_object_name(row.name);
  record.set_object_uid(row.uid.is_zero() ? "" : to_string(row.uid));
  record.set_before(text(row.before));
  record.set_after(text(row.after));
  record.set_previous_hash(text(row.previous));
  record.set_hash(hex(store::audit_hash(row, crypto)));
  return record;
}

Result<v1::AuditRecordList> audit_page(Desk& desk, const Call& call) {
  SKERRY_TRY(const Range range, range_of(call));
  SKERRY_TRY(const auto rows, desk.reader().audit(range.from, range.limit));
  v1::AuditRecordList list;
  for (const store::AuditRow& row : rows) {
    *list.add_items() = show(row, *desk.environment.crypto);
  }
  if (rows.size() == range.limit) {
    list.mutable_page()->set_next(cursor_to(std::to_string(rows.back().revision)));
  }
  SKERRY_TRY(const store::Head head, desk.reader().head());
  list.mutable_page()->set_as_of(head.revision);
  return list;
}

Result<v1::EventList> event_page(Desk& desk, const Call& call) {
  SKERRY_TRY(const Range range, range_of(call));
  return call.parameter("site").empty() ? events_of_all(desk, range)
                                        : events_of_site(desk, call, range);
}

}  // namespace

void list_events(Desk& desk, const CallPtr& call) {
  const Result<v1::EventList> list = event_page(desk, *call);
  if (list) {
    reply(call, 200, *list);
  } else {
    refuse(desk, call, list.error());
  }
}

void list_audit(Desk& desk, const CallPtr& call) {
  const Result<v1::AuditRecordList> list = audit_page(desk, *call);
  if (list) {
    reply(call, 200, *list);
  } else {
    refuse(desk, call, list.error());
  }
}

}  // namespace skerry::api
