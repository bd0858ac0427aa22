#pragma once

#include <string>

#include "base/error.h"
#include "client/problem.h"

namespace skerry::cli {

struct ReportContext {
  std::string server = {};
  std::string context = {};
  const client::Refusal* refusal = nullptr;
  bool verbose = false;
};

/// An error for a person: what is wrong, why where that is known, what to do next.
std::string report(const Error& error, const ReportContext& context);

/// One problem in a file: "  pos.yaml:14:5  services.till: unknown key ...".
std::string problem_line(const Error& error);

}  // namespace skerry::cli
