#include "net/exchange.h"

#include <utility>

#include "net/connection.h"
#include "net/mailbox.h"

namespace skerry::net {

Exchange::Exchange(std::shared_ptr<Mailbox> mailbox, Address address, RequestHead head)
    : mailbox_(std::move(mailbox)), address_(address), head_(std::move(head)) {}

Exchange::~Exchange() {
  if (!answered_ && !gone_) {
    const Error error{.kind = ErrorKind::internal, .message = "nobody answered this request"};
    reply(problem_response(error));
  } else if (streaming_ && !gone_) {
    end();
  }
}

void Exchange::read_body(std::size_t size_max, BodyDone done) {
  mailbox_->post(address_.connection,
                 [request = address_.request, size_max, done = std::move(done)](
                     Connection& connection) mutable {
                   if (connection.serves(request)) {
                     connection.read_body(size_max, std::move(done));
                   }
                 });
}

void Exchange::reply(Response response) {
  if (answered_.exchange(true)) {
    return;
  }
  mailbox_->post(
      address_.connection,
      [request = address_.request, response = std::move(response)](Connection& connection) {
        if (connection.serves(request)) {
          connection.reply(response);
        }
      });
}

void Exchange::begin_stream(Response response) {
  if (answered_.exchange(true)) {
    return;
  }
  streaming_ = true;
  mailbox_->post(
      address_.connection,
      [request = address_.request, response = std::move(response)](Connection& connection) {
        if (connection.serves(request)) {
          connection.begin_stream(response);
        }
      });
}

void Exchange::send(std::string bytes) {
  pending_ += bytes.size();
  mailbox_->post(address_.connection,
                 [request = address_.request, bytes = std::move(bytes)](Connection& connection) {
                   if (connection.serves(request)) {
                     connection.send(bytes);
                     connection.settle(bytes.size());
                   }
                 });
}

void Exchange::end() {
  mailbox_->post(address_.connection, [request = address_.request](Connection& connection) {
    if (connection.serves(request)) {
      connection.end();
    }
  });
}

}  // namespace skerry::net
