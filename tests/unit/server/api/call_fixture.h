#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/connection.h"
#include "net/mailbox.h"
#include "os/event_loop.h"
#include "os/system_clock.h"
#include "server/api/desk.h"
#include "server/auth/gate.h"
#include "trust/openssl_crypto.h"
#include "unit/server/store/store_fixture.h"

namespace skerry::api {

/// Requests as the API has them once they were let in, over a connection that has gone.
class CallTest : public store::StoreTest {
 protected:
  CallTest() { mailbox->close(); }

  Call call(std::vector<net::Header> headers, std::vector<net::Header> query = {}) {
    auth::Gate gate(*reader, clock, crypto);
    return {.exchange = std::make_shared<net::Exchange>(
                mailbox,
                net::Exchange::Address{},
                net::RequestHead{.method = "GET", .headers = std::move(headers)}),
            .route = &auth::routes().front(),
            .permit = gate.admit({.right = auth::Right::open}, {}).value(),
            .name = {},
            .query = std::move(query),
            .body = {},
            .request_id = {}};
  }

  std::unique_ptr<os::EventLoop> loop = os::EventLoop::create().value();
  net::Connections connections;
  std::shared_ptr<net::Mailbox> mailbox = std::make_shared<net::Mailbox>(*loop, connections);
};

}  // namespace skerry::api
