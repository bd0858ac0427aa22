#include <algorithm>

#include "cli/groups.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "cli/view.h"
#include "resource/write.h"
#include "skerry/api/v1/meta.pb.h"
#include "skerry/api/v1/site.pb.h"
#include "skerry/api/v1/stack.pb.h"

namespace skerry::cli {
namespace {

/// Sites of a stack that are shown one by one; more are counted.
constexpr std::size_t sites_shown_max = 20;

/// Lines with a depth, as a tree of plain text.
class Page {
 public:
  explicit Page(const Look& look) : look_(look) {}

  void line(std::size_t depth, std::string_view text) {
    out_.append(depth * 2, ' ').append(text).append("\n");
  }

  void field(std::string_view name, std::string_view value) {
    if (!value.empty() && value != "-") {
      std::string label(name);
      label.resize(std::max<std::size_t>(label.size() + 1, 14), ' ');
      line(0, label + std::string(value));
    }
  }

  [[nodiscard]] const Look& look() const { return look_; }

  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  const Look& look_;
  std::string out_;
};

template <class Enum>
std::string word(Enum value) {
  const auto* described =
      google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(static_cast<int>(value));
  return described == nullptr ? std::string() : resource::word_of(*described);
}

/// The chain that explains a state, each link below the one it comes from.
void reasons(Page& page,
             std::size_t depth,
             const google::protobuf::RepeatedPtrField<api::v1::Reason>& chain) {
  for (const auto& reason : chain) {
    std::string text = "because " + printable(reason.subject()) + ": " + printable(reason.code());
    text += reason.message().empty() ? "" : ": " + printable(reason.message());
    page.line(depth++, text);
    if (!reason.hint().empty()) {
      page.line(depth, "next: " + printable(reason.hint()));
    }
  }
}

void conditions(Page& page,
                const google::protobuf::RepeatedPtrField<api::v1::Condition>& conditions) {
  for (const auto& condition : conditions) {
    std::string text = printable(condition.type()) + "=" + word(condition.status());
    text += condition.reason().empty() ? "" : " " + printable(condition.reason());
    text += condition.message().empty() ? "" : ": " + printable(condition.message());
    page.field("Condition:", text);
  }
}

void metadata(Page& page, const resource::Kind& kind, const api::v1::Metadata& metadata) {
  page.field("Kind:", kind.name);
  page.field("Name:", printable(metadata.name()));
  std::vector<std::string> labels;
  for (const auto& [key, value] : metadata.labels()) {
    labels.push_back(printable(key + "=" + value));
  }
  std::sort(labels.begin(), labels.end());
  for (const std::string& label : labels) {
    page.field("Label:", label);
  }
  page.field("Created:", time_text(metadata.created_at_ms()));
  page.field("Changed:", time_text(metadata.updated_at_ms()));
  page.field("Generation:", std::to_string(metadata.generation()));
  page.field("UID:", metadata.uid());
}

/// "sha256:" and twelve digits: enough to tell images apart.
std::string_view short_digest(std::string_view digest) {
  return digest.substr(0, digest.find(':') + 13);
}

void service(Page& page, std::size_t depth, const api::v1::SiteService& service) {
  std::string text = "service " + printable(service.name()) + "  ";
  text += state_text(word(service.state()), page.look());
  text += service.digest().empty() ? "" : "  " + printable(short_digest(service.digest()));
  text += service.unpinned() ? " (unpinned)" : "";
  text += service.restarts() == 0 ? ""
                                  : "  " + std::to_string(service.restarts()) +
                                        (service.restarts() == 1 ? " restart" : " restarts");
  page.line(depth, text);
  reasons(page, depth + 1, service.reasons());
}

void stack_at_site(Page& page,
                   std::size_t depth,
                   std::string_view title,
                   const api::v1::SiteStack& stack) {
  page.line(depth, printable(title) + "  " + state_text(word(stack.state()), page.look()));
  reasons(page, depth + 1, stack.reasons());
  for (const auto& one : stack.services()) {
    service(page, depth + 1, one);
  }
}

std::string number(const api::v1::ManifestNumber& number) {
  return std::to_string(number.term()) + "." + std::to_string(number.seq());
}

void manifest(Page& page, const api::v1::SiteManifest& manifest) {
  page.field("Manifest:",
             "told " + number(manifest.desired()) + ", took " + number(manifest.accepted()));
}

void drift(Page& page, const api::v1::SiteStatus& status) {
  if (status.drift_size() > 0) {
    page.line(0, "Drift:");
  }
  for (const auto& item : status.drift()) {
    page.line(1,
              state_text("Drifted", page.look()) + " " + printable(item.stack()) + "/" +
                  printable(item.service()) + " " + printable(item.field()) + ": wanted " +
                  printable(item.wanted()) + ", found " + printable(item.found()));
  }
}

void describe_site(Page& page, const client::Object& object) {
  const auto& site = object.as<api::v1::Site>();
  const auto& status = site.status();
  metadata(page, *object.kind, site.metadata());
  page.field("State:", state_text(word(status.state()), page.look()));
  page.field("Enrolment:", word(status.enrolment()));
  page.field("Link:", state_text(status.connected() ? "Live" : "Offline", page.look()));
  page.field("Last seen:", time_text(status.last_seen_at_ms()));
  manifest(page, status.manifest());
  conditions(page, status.conditions());
  reasons(page, 1, status.reasons());
  if (status.stacks_size() > 0) {
    page.line(0, "Stacks:");
  }
  for (const auto& stack : status.stacks()) {
    stack_at_site(page, 1, "stack " + stack.name(), stack);
  }
  drift(page, status);
}

/// What a site itself says of a stack; nullptr where it has said nothing.
const api::v1::SiteStack* report_of(const std::vector<client::Object>& sites,
                                    std::string_view site,
                                    std::string_view stack) {
  for (const client::Object& object : sites) {
    const auto& one = object.as<api::v1::Site>();
    if (one.metadata().name() != site) {
      continue;
    }
    const auto& stacks = one.status().stacks();
    const auto found = std::ranges::find(stacks, stack, &api::v1::SiteStack::name);
    return found == stacks.end() ? nullptr : &*found;
  }
  return nullptr;
}

/// Every site it is meant for or still runs on; those that are not healthy come first, for they are
/// what one looks for. What a site says of its services is added where it says anything.
void sites_of_stack(Page& page,
                    const api::v1::Stack& stack,
                    const std::vector<client::Object>& reports) {
  std::vector<api::v1::StackSite> sites(stack.status().at_sites().begin(),
                                        stack.status().at_sites().end());
  std::ranges::stable_partition(
      sites, [](const auto& site) { return site.state() != api::v1::WorkloadState::HEALTHY; });
  if (!sites.empty()) {
    page.line(0, "Sites:");
  }
  for (std::size_t i = 0; i < std::min(sites.size(), sites_shown_max); ++i) {
    const api::v1::StackSite& site = sites[i];
    const std::string title = "site " + site.site() + (site.connected() ? "" : " (offline)");
    if (const auto* report = report_of(reports, site.site(), stack.metadata().name())) {
      stack_at_site(page, 1, title, *report);
    } else {
      page.line(1, printable(title) + "  " + state_text(word(site.state()), page.look()));
      reasons(page, 2, site.reasons());
    }
  }
  if (sites.size() > sites_shown_max) {
    page.line(1, "and " + std::to_string(sites.size() - sites_shown_max) + " more");
  }
}

void describe_stack(Page& page,
                    const client::Object& object,
                    const std::vector<client::Object>& sites) {
  const auto& stack = object.as<api::v1::Stack>();
  const auto& status = stack.status();
  metadata(page, *object.kind, stack.metadata());
  page.field("State:", state_text(stack_state(object), page.look()));
  page.field("Release:", printable(status.release().digest()));
  const auto& counts = status.sites();
  page.field("Healthy:",
             std::to_string(counts.healthy()) + " of " + std::to_string(counts.matched()) +
                 " sites" + (counts.matched() == 0 ? ": its targets choose no site" : ""));
  conditions(page, status.conditions());
  for (const auto& warning : status.warnings()) {
    page.field("Warning:", printable(warning.field_path()) + ": " + printable(warning.message()));
  }
  sites_of_stack(page, stack, sites);
}

}  // namespace

Result<Exit> run_describe(const Invocation& invocation) {
  const Options& options = invocation.options;
  SKERRY_TRY(const Reference reference,
             named_reference_from(options.get("KIND"), options.get("NAME")));
  SKERRY_TRY(client::Client * client, invocation.session.client());
  SKERRY_TRY(const client::Object object, client->get(*reference.kind, reference.name));
  const Look look = look_of(options, invocation.outside);
  Page page(look);
  if (reference.kind->name == "Stack") {
    const resource::Kind* site = resource::kind_named("Site");
    SKERRY_TRY(const auto sites, client->list(*site, {.stack = reference.name}));
    describe_stack(page, object, sites);
  } else if (reference.kind->name == "Site") {
    describe_site(page, object);
  } else {
    page.line(0, resource::write_yaml(object.node));
  }
  invocation.outside.terminal.out(page.text());
  return Exit::done;
}

}  // namespace skerry::cli
