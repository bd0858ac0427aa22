#include "policy/policy.h"

#include <algorithm>
#include <string_view>

#include "policy/host_path.h"

namespace skerry::policy {

using document::Ceiling;
using document::Mount;
using document::Service;
using document::Volume;
using document::Workload;

namespace {

using Findings = std::vector<Finding>;

/// Which risky fields to look for; all of them are risks, a ceiling forbids some.
struct Wanted {
  bool privileged = true;
  bool capabilities = true;
  bool host_paths = true;
};

void add(Findings& findings, const Service& service, std::string_view field, std::string why) {
  findings.push_back({.service = service.name,
                      .field = "services." + service.name + "." + std::string(field),
                      .why = std::move(why)});
}

void find_host_paths(const Service& service, Findings& findings) {
  for (std::size_t i = 0; i < service.mounts.size(); ++i) {
    const Mount& mount = service.mounts[i];
    if (mount.type == Mount::Type::bind) {
      add(findings,
          service,
          "volumes[" + std::to_string(i) + "]",
          "mounts " + mount.source + " of the host: " + std::string(danger_of(mount.source)));
    }
  }
}

void find_in_service(const Service& service, const Wanted& wanted, Findings& findings) {
  if (wanted.privileged && service.privileged) {
    add(findings, service, "privileged", "is privileged, which is root on the host");
  }
  if (wanted.capabilities) {
    for (const std::string& capability : service.cap_add) {
      add(findings, service, "cap_add", "adds the capability " + capability);
    }
  }
  if (wanted.host_paths) {
    find_host_paths(service, findings);
  }
}

void find_in_volume(const Volume& volume, Findings& findings) {
  const std::string field = "volumes." + volume.key;
  if (binds_host(volume)) {
    findings.push_back({.field = field + ".driver_opts",
                        .why = "mounts something of the host by the driver's options"});
  }
  if (!volume.external && !volume.driver.empty() && volume.driver != "local") {
    findings.push_back({.field = field + ".driver",
                        .why = "the driver " + volume.driver + " may mount anything of the host"});
  }
}

Findings find(const Workload& workload, const Wanted& wanted) {
  Findings findings;
  for (const Service& service : workload.services) {
    find_in_service(service, wanted, findings);
  }
  if (wanted.host_paths) {
    for (const Volume& volume : workload.volumes) {
      find_in_volume(volume, findings);
    }
  }
  return findings;
}

/// A prefix ends where a part of the reference ends, so that "registry.example" does not allow
/// "registry.example.evil.test/x".
bool has_prefix(std::string_view image, std::string_view prefix) {
  constexpr std::string_view separators = "/:@";
  return image.starts_with(prefix) &&
         (image.size() == prefix.size() || prefix.empty() ||
          separators.find(prefix.back()) != std::string_view::npos ||
          separators.find(image[prefix.size()]) != std::string_view::npos);
}

void find_images(const Workload& workload, const Ceiling& ceiling, Findings& findings) {
  for (const Service& service : workload.services) {
    const bool allowed =
        ceiling.image_prefixes.empty() ||
        std::ranges::any_of(ceiling.image_prefixes, [&](const std::string& prefix) {
          return has_prefix(service.image, prefix);
        });
    if (!allowed) {
      add(findings, service, "image", "the image " + service.image + " is from nowhere allowed");
    }
  }
}

}  // namespace

std::vector<Finding> violations(const Workload& workload, const Ceiling& ceiling) {
  Findings findings = find(workload,
                           {.privileged = ceiling.forbid_privileged,
                            .capabilities = ceiling.forbid_added_capabilities,
                            .host_paths = ceiling.forbid_bind_mounts});
  find_images(workload, ceiling, findings);
  return findings;
}

Status check(const Workload& workload, const Ceiling& ceiling) {
  const Findings findings = violations(workload, ceiling);
  if (findings.empty()) {
    return {};
  }
  const Finding& first = findings.front();
  const std::string more =
      findings.size() == 1 ? "" : " (and " + std::to_string(findings.size() - 1) + " more)";
  return fail({.kind = ErrorKind::denied,
               .code = ceiling_exceeded,
               .message = first.why + more,
               .field_path = first.field});
}

std::vector<Finding> risks(const Workload& workload) {
  return find(workload, {});
}

}  // namespace skerry::policy
