#include "server/api/lists.h"

#include "base/text.h"
#include "place/targets.h"
#include "server/api/build.h"
#include "server/api/codes.h"
#include "server/api/handlers.h"
#include "server/api/view.h"

namespace skerry::api {

namespace {

constexpr std::size_t limit_default = 100;
constexpr std::size_t limit_max = 1000;
constexpr std::size_t rows_at_once = 500;
/// Rows looked at for one page; a selector that chooses little then gets a short page and goes on.
constexpr std::size_t rows_looked_at_max = 20'000;
/// Stored bytes on one page: specs may be large.
constexpr std::size_t page_bytes_max = std::size_t{4} * 1024 * 1024;
constexpr std::string_view cursor_mark = "n:";

Error bad_value(ErrorCode code, std::string message) {
  return {.kind = ErrorKind::invalid, .code = code, .message = std::move(message)};
}

Error no_object(const Call& call) {
  return {.kind = ErrorKind::not_found,
          .code = not_found,
          .message = "there is no " + std::string(call.route->kind) + " " + call.name};
}

/// The rows of one page, and where the next begins.
struct Page {
  std::vector<store::ObjectRow> rows = {};
  std::string next = {};
};

using Chosen = std::function<Result<bool>(const store::ObjectRow& row)>;

Result<Page> collect(Desk& desk,
                     std::string_view kind,
                     const PageRequest& request,
                     const Chosen& chosen) {
  Page page;
  std::string after = request.after;
  std::size_t looked_at = 0;
  std::size_t bytes = 0;
  for (;;) {
    SKERRY_TRY(std::vector<store::ObjectRow> rows,
               desk.reader().objects(kind, after, rows_at_once));
    for (store::ObjectRow& row : rows) {
      const bool full = page.rows.size() == request.limit || bytes > page_bytes_max ||
                        looked_at == rows_looked_at_max;
      if (full) {
        page.next = cursor_to(after);
        return page;
      }
      ++looked_at;
      after = row.name;
      SKERRY_TRY(const bool wanted, chosen(row));
      if (wanted) {
        bytes += row.body.size();
        page.rows.push_back(std::move(row));
      }
    }
    if (rows.size() < rows_at_once) {
      return page;
    }
  }
}

/// Whether `total`, which counts all of a kind, is more than what was asked for may be.
enum class Total : std::uint8_t { exact, estimate };

Status fill_page(
    Desk& desk, const Page& page, Total total_is, std::string_view kind, v1::Page& out) {
  out.set_next(page.next);
  SKERRY_TRY(const std::uint64_t total, desk.reader().count_objects(kind));
  out.set_total(total);
  out.set_total_is_estimate(total_is == Total::estimate);
  SKERRY_TRY(const store::Head head, desk.reader().head());
  out.set_as_of(head.revision);
  return {};
}

resource::Labels labels_of(const v1::Metadata& metadata) {
  return {metadata.labels().begin(), metadata.labels().end()};
}

Result<bool> is_chosen_stack(const PageRequest& request, const store::ObjectRow& row) {
  v1::Stack stack;
  return !request.selector || (stack.ParseFromString(row.body) &&
                               request.selector->matches(labels_of(stack.metadata())));
}

/// What `?stack=` asks for: the targets of that stack; nothing where it is not there.
Result<std::unique_ptr<place::Targets>> targets_named(Desk& desk, std::string_view stack) {
  if (stack.empty()) {
    return nullptr;
  }
  SKERRY_TRY(const std::optional<store::ObjectRow> row, desk.reader().object("Stack", stack));
  v1::Stack message;
  // A stack that is not there is meant for no site.
  auto targets = std::make_unique<place::Targets>();
  if (row && message.ParseFromString(row->body)) {
    Result<place::Targets> read = place::targets_of(message.spec().targets());
    SKERRY_CHECK(read ? Status() : Status(fail(read.error())));
    *targets = *std::move(read);
  }
  return targets;
}

Result<v1::SiteList> list_sites(Desk& desk, const Call& call, const PageRequest& request) {
  SKERRY_TRY(const auto snapshot, desk.reader().snapshot());
  SKERRY_TRY(const std::unique_ptr<place::Targets> targets,
             targets_named(desk, call.parameter("stack")));
  const Chosen chosen = [&](const store::ObjectRow& row) -> Result<bool> {
    if (!request.selector && !targets) {
      return true;
    }
    SKERRY_TRY(const SiteView view, load_site(desk, row));
    const place::SiteView placement = view.placement();
    const resource::Labels labels = place::selectable(placement);
    return (!request.selector || request.selector->matches(labels)) &&
           (!targets || place::is_target(*targets, placement, labels));
  };
  SKERRY_TRY(Page page, collect(desk, "Site", request, chosen));
  const Total total = request.selector || targets ? Total::estimate : Total::exact;
  v1::SiteList list;
  for (store::ObjectRow& row : page.rows) {
    SKERRY_TRY(const SiteView view, load_site(desk, std::move(row)));
    SKERRY_TRY(*list.add_items(), show(desk, view));
  }
  SKERRY_CHECK(fill_page(desk, page, total, "Site", *list.mutable_page()));
  return list;
}

Result<v1::StackList> list_stacks(Desk& desk, const PageRequest& request) {
  SKERRY_TRY(const auto snapshot, desk.reader().snapshot());
  SKERRY_TRY(const Page page, collect(desk, "Stack", request, [&](const store::ObjectRow& row) {
               return is_chosen_stack(request, row);
             }));
  const Total total = request.selector ? Total::estimate : Total::exact;
  v1::StackList list;
  std::vector<StackTerms> terms;
  for (const store::ObjectRow& row : page.rows) {
    SKERRY_TRY(*list.add_items(), show_stack(desk, row));
    terms.push_back(terms_of(*list.items().rbegin()));
  }
  // One walk over the sites for all stacks of the page.
  std::vector<Standings> standings(terms.size());
  SKERRY_CHECK(for_each_site(desk, [&](const SiteView& view) {
    const Candidate site(view);
    for (std::size_t which = 0; which < terms.size(); ++which) {
      standings[which].add(standing_of(site, terms[which]));
    }
  }));
  for (std::size_t which = 0; which < standings.size(); ++which) {
    standings[which].show(desk, *list.mutable_items(static_cast<int>(which)));
  }
  SKERRY_CHECK(fill_page(desk, page, total, "Stack", *list.mutable_page()));
  return list;
}

Result<v1::UserList> list_users(Desk& desk, const PageRequest& request) {
  SKERRY_TRY(const std::vector<store::UserRow> rows,
             desk.reader().users(request.after, request.limit));
  v1::UserList list;
  for (const store::UserRow& row : rows) {
    *list.add_items() = show_user(row);
  }
  if (rows.size() == request.limit) {
    list.mutable_page()->set_next(cursor_to(rows.back().name));
  }
  return list;
}

Result<v1::Stack> one_stack(Desk& desk, const store::ObjectRow& row) {
  SKERRY_TRY(v1::Stack stack, show_stack(desk, row));
  // Not kept, for they follow from the spec alone.
  const Build built = build(stack, *desk.environment.crypto);
  *stack.mutable_status()->mutable_warnings() = {built.warnings.begin(), built.warnings.end()};
  SKERRY_CHECK(add_sites(desk, stack));
  return stack;
}

template <class Message>
void answer(Desk& desk,
            const CallPtr& call,
            const Result<Message>& message,
            std::vector<net::Header> headers = {}) {
  if (message) {
    reply(call, 200, *message, std::move(headers));
  } else {
    refuse(desk, call, message.error());
  }
}

void get_user(Desk& desk, const CallPtr& call) {
  const Result<std::optional<store::UserRow>> row = desk.reader().user(call->name);
  if (row && *row) {
    reply(call, 200, show_user(**row));
  } else {
    refuse(desk, call, row ? no_object(*call) : row.error());
  }
}

}  // namespace

std::size_t limit_of(std::string_view text) {
  const std::optional<std::uint64_t> number = parse_unsigned(text);
  return number && *number >= 1 && *number <= limit_max ? *number : 0;
}

std::string cursor_to(std::string_view key) {
  return to_hex(std::string(cursor_mark) + std::string(key));
}

Result<std::string> key_of(std::string_view cursor) {
  if (cursor.empty()) {
    return std::string();
  }
  const Result<std::string> text = from_hex(cursor);
  if (!text || !text->starts_with(cursor_mark)) {
    return fail(bad_value(bad_cursor, "the cursor is none of this server's"));
  }
  return text->substr(cursor_mark.size());
}

Result<PageRequest> page_of(const Call& call) {
  PageRequest request{.limit = limit_default};
  if (const std::string_view limit = call.parameter("limit"); !limit.empty()) {
    request.limit = limit_of(limit);
    if (request.limit == 0) {
      return fail(bad_value(bad_parameter, "limit is a number from 1 to 1000"));
    }
  }
  SKERRY_TRY(request.after, key_of(call.parameter("cursor")));
  std::string_view selector = call.parameter("labelSelector");
  selector = selector.empty() ? call.parameter("selector") : selector;
  if (!selector.empty()) {
    SKERRY_TRY(request.selector, resource::Selector::parse(selector));
  }
  return request;
}

void list_objects(Desk& desk, const CallPtr& call) {
  const Result<PageRequest> request = page_of(*call);
  if (!request) {
    refuse(desk, call, request.error());
  } else if (call->route->kind == "Stack") {
    answer(desk, call, list_stacks(desk, *request));
  } else if (call->route->kind == "Site") {
    answer(desk, call, list_sites(desk, *call, *request));
  } else if (call->route->kind == "User") {
    answer(desk, call, list_users(desk, *request));
  } else {
    list_tokens(desk, call);
  }
}

void get_object(Desk& desk, const CallPtr& call) {
  if (call->route->kind == "User") {
    get_user(desk, call);
    return;
  }
  if (call->route->kind != "Stack" && call->route->kind != "Site") {
    get_token(desk, call);
    return;
  }
  const auto snapshot = desk.reader().snapshot();
  const auto row = desk.reader().object(call->route->kind, call->name);
  if (!row || !*row) {
    refuse(desk, call, row ? no_object(*call) : row.error());
    return;
  }
  const std::vector<net::Header> headers{etag_of((*row)->revision)};
  if (call->route->kind == "Stack") {
    answer(desk, call, one_stack(desk, **row), headers);
    return;
  }
  const Result<SiteView> view = load_site(desk, **row);
  answer(desk, call, view ? show(desk, *view) : Result<v1::Site>(fail(view.error())), headers);
}

}  // namespace skerry::api
