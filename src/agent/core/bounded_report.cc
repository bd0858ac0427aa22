#include "agent/core/bounded_report.h"

#include "base/text.h"
#include "document/codec.h"

namespace skerry::agent {

using document::Drift;
using document::Reason;
using document::Report;
using document::ServiceStatus;
using document::StackStatus;

namespace {

constexpr std::size_t value_bytes_max = 512;
constexpr std::size_t message_bytes_max = 2048;

/// Well below a frame and below what a decoder counts (`wire::frame_bytes_max`, `DecodeLimits`),
/// for facts and conditions come on top.
class Budget {
 public:
  /// Takes room for a part of the report; false where there is none left.
  template <document::Message T>
  bool take(const T& part, std::size_t elements) {
    constexpr std::size_t frame_of_part = 8;
    const std::size_t bytes = document::encode(part).size() + frame_of_part;
    if (bytes > bytes_left_ || elements > elements_left_) {
      return false;
    }
    bytes_left_ -= bytes;
    elements_left_ -= elements;
    return true;
  }

 private:
  std::size_t bytes_left_ = std::size_t{512} * 1024;
  std::size_t elements_left_ = 20'000;
};

void cut(std::vector<Reason>& reasons) {
  for (Reason& reason : reasons) {
    cut_text(reason.subject, value_bytes_max);
    cut_text(reason.message, message_bytes_max);
  }
}

void cut(StackStatus& stack) {
  cut(stack.reasons);
  for (ServiceStatus& service : stack.services) {
    cut(service.reasons);
    cut_text(service.image, value_bytes_max);
  }
}

/// Keeps the parts for which there is room, in order; how many there is none for.
template <class T, class Elements>
std::size_t keep_what_fits(std::vector<T>& parts, Budget& budget, Elements elements) {
  return std::erase_if(parts,
                       [&](const T& part) { return !budget.take(part, 1 + elements(part)); });
}

/// A stack says how it is without its services, so all of them come before the first service.
struct Dropped {
  std::size_t stacks = 0;
  std::size_t services = 0;
  std::size_t drift = 0;
};

Dropped drop_excess(Report& report) {
  Budget budget;
  Dropped dropped;
  std::vector<StackStatus> kept;
  for (StackStatus& stack : report.stacks) {
    std::vector<ServiceStatus> services = std::move(stack.services);
    stack.services.clear();
    if (!budget.take(stack, 1 + stack.reasons.size())) {
      ++dropped.stacks;
      continue;
    }
    stack.services = std::move(services);
    kept.push_back(std::move(stack));
  }
  report.stacks = std::move(kept);
  for (StackStatus& stack : report.stacks) {
    dropped.services += keep_what_fits(
        stack.services, budget, [](const auto& service) { return service.reasons.size(); });
  }
  dropped.drift = keep_what_fits(report.drift, budget, [](const Drift&) { return std::size_t{0}; });
  return dropped;
}

}  // namespace

Report bounded(Report report) {
  for (StackStatus& stack : report.stacks) {
    cut(stack);
  }
  for (Drift& drift : report.drift) {
    for (std::string* text : {&drift.object, &drift.field, &drift.wanted, &drift.found}) {
      cut_text(*text, value_bytes_max);
    }
  }
  const Dropped dropped = drop_excess(report);
  if (dropped.stacks + dropped.services + dropped.drift > 0) {
    report.conditions.push_back({.code = "ReportCut",
                                 .subject = "site",
                                 .message = std::to_string(dropped.stacks) + " stacks, " +
                                            std::to_string(dropped.services) + " services and " +
                                            std::to_string(dropped.drift) +
                                            " differences do not fit into a report"});
  }
  return report;
}

}  // namespace skerry::agent
