#pragma once

#include "base/error.h"

namespace skerry::client {

/// The server answered, and the answer was no. What it said stands in `Client::refusal`.
inline constexpr ErrorCode refused{"refused"};
/// The server answered with a 5xx: its fault, not the request's.
inline constexpr ErrorCode server_error{"server_error"};
/// No answer: no connection, or it broke.
inline constexpr ErrorCode unreachable{"unreachable"};
/// The server's key is not the pinned one.
inline constexpr ErrorCode wrong_server_key{"wrong_server_key"};
/// No answer in time.
inline constexpr ErrorCode no_answer_in_time{"no_answer_in_time"};
/// What came is not what this API answers with.
inline constexpr ErrorCode bad_answer{"bad_answer"};

/// Not "https://host:port".
inline constexpr ErrorCode bad_server_address{"bad_server_address"};

}  // namespace skerry::client
