#include "client/problem.h"

#include "client/codes.h"
#include "resource/codec.h"
#include "resource/json.h"
#include "skerry/api/v1/service.pb.h"

namespace skerry::client {
namespace {

Error field_error(const api::v1::FieldProblem& field) {
  return {.kind = ErrorKind::invalid,
          .message = field.message(),
          .field_path = field.path(),
          .at = {.line = field.line(), .column = field.column()},
          .hint = field.hint()};
}

void fill(Refusal& refusal, const api::v1::Problem& problem) {
  refusal.code = problem.code();
  refusal.detail = problem.detail().empty() ? problem.title() : problem.detail();
  refusal.hint = problem.hint();
  refusal.missing_permission = problem.missing_permission();
  if (!problem.request_id().empty()) {
    refusal.request_id = problem.request_id();
  }
  for (const auto& field : problem.fields()) {
    refusal.fields.push_back(field_error(field));
  }
}

ErrorKind kind_of_status(unsigned status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorKind::denied;
    case 404:
      return ErrorKind::not_found;
    case 409:
    case 412:
      return ErrorKind::conflict;
    case 429:
      return ErrorKind::exhausted;
    default:
      return status >= 500 ? ErrorKind::internal : ErrorKind::invalid;
  }
}

}  // namespace

Refusal refusal_of(const Reply& reply) {
  Refusal refusal{.status = reply.status, .request_id = reply.request_id};
  const auto node = resource::read_json(reply.body, {});
  if (node && node->is_mapping()) {
    api::v1::Problem problem;
    resource::Problems ignored;
    // Whatever of it can be read says more than the status alone.
    resource::decode(
        *node, problem, {.reading = resource::DecodeOptions::Reading::own_output}, ignored);
    fill(refusal, problem);
  }
  if (refusal.detail.empty()) {
    refusal.detail = "the server answered with status " + std::to_string(reply.status);
  }
  return refusal;
}

Error error_of(const Refusal& refusal) {
  return {.kind = kind_of_status(refusal.status),
          .code = refusal.status >= 500 ? server_error : refused,
          .message = refusal.detail,
          .hint = refusal.hint};
}

}  // namespace skerry::client
