#include "sim/network.h"

#include <algorithm>
#include <utility>

namespace skerry::sim {
namespace {

using std::chrono::milliseconds;

/// What was sent and not acknowledged ends a connection after this long, as the real ones are set.
constexpr milliseconds user_timeout{60'000};
/// A server that lost its peer without having anything to send learns it late.
constexpr milliseconds half_open_max{600'000};

std::size_t index(End end) {
  return static_cast<std::size_t>(end);
}

End other(End end) {
  return end == End::agent ? End::server : End::agent;
}

}  // namespace

Status Stream::send(std::string_view bytes) {
  network_.send(*this, End::server, bytes);
  return {};
}

void Stream::finish() {
  network_.close(*this, End::server);
}

milliseconds Network::delay(std::size_t agent) {
  const auto most = static_cast<std::uint64_t>(roads_[agent].delay_max.count());
  return milliseconds(1 + static_cast<std::int64_t>(random_.below(most)));
}

std::shared_ptr<Stream> Network::find(const Stream& stream) {
  const auto found = std::ranges::find_if(
      streams_, [&](const std::shared_ptr<Stream>& each) { return each.get() == &stream; });
  return found == streams_.end() ? nullptr : *found;
}

std::shared_ptr<Stream> Network::stream(std::size_t agent) {
  for (auto each = streams_.rbegin(); each != streams_.rend(); ++each) {
    if ((*each)->agent() == agent && (*each)->is_open[index(End::agent)]) {
      return *each;
    }
  }
  return nullptr;
}

void Network::forget_closed() {
  std::erase_if(streams_, [](const std::shared_ptr<Stream>& stream) {
    return !stream->is_open[0] && !stream->is_open[1];
  });
}

std::shared_ptr<Stream> Network::dial(std::size_t agent, const PublicKey& key) {
  forget_closed();
  auto stream = std::make_shared<Stream>(*this, agent, key);
  streams_.push_back(stream);
  if (roads_[agent].is_cut) {
    return stream;  // Nobody answers; the agent gives up by itself.
  }
  timeline_.in(delay(agent), [this, stream] {
    if (!stream->is_open[index(End::agent)]) {
      return;
    }
    if (!ends_.is_server_up()) {
      tell_closed(stream, End::agent, delay(stream->agent()));
      return;
    }
    ends_.on_accept(stream);
    timeline_.in(delay(stream->agent()), [this, stream] {
      if (stream->is_open[index(End::agent)] && !stream->is_broken) {
        ends_.on_open(stream->agent(), *stream);
      }
    });
  });
  return stream;
}

void Network::send(Stream& stream, End from, std::string_view bytes) {
  const std::shared_ptr<Stream> held = find(stream);
  if (!held || !stream.is_open[index(from)]) {
    return;
  }
  if (stream.is_broken || roads_[stream.agent()].is_cut) {
    // For good, also where the road is mended before it is noticed: a stream has no holes.
    stream.is_broken = true;
    tell_closed(held, from, user_timeout);
    tell_closed(held, other(from), half_open_max);
    return;
  }
  std::string whole(bytes);
  if (from == End::server && ends_.tamper) {
    whole = ends_.tamper(stream.agent(), std::move(whole));
  }
  // In pieces, so that no frame may count on arriving whole.
  const std::size_t first = whole.size() > 1 ? random_.below(whole.size()) : 0;
  if (first != 0) {
    deliver(held, from, whole.substr(0, first));
  }
  deliver(held, from, whole.substr(first));
}

void Network::deliver(const std::shared_ptr<Stream>& stream, End from, std::string bytes) {
  Instant& busy = stream->busy_until[index(from)];
  busy = std::max(busy, timeline_.now() + delay(stream->agent()));
  timeline_.at(busy, [this, stream, from, bytes = std::move(bytes)]() mutable {
    const End to = other(from);
    if (stream->is_broken || roads_[stream->agent()].is_cut) {
      stream->is_broken = true;
      tell_closed(stream, from, user_timeout);
      tell_closed(stream, to, half_open_max);
    } else if (stream->is_open[index(to)]) {
      ends_.on_bytes(*stream, to, std::move(bytes));
    }
  });
}

void Network::tell_closed(const std::shared_ptr<Stream>& stream, End to, milliseconds after) {
  const auto most = static_cast<std::uint64_t>(after.count());
  timeline_.in(milliseconds(static_cast<std::int64_t>(random_.below(most + 1))),
               [this, stream, to] {
                 if (std::exchange(stream->is_open[index(to)], false)) {
                   ends_.on_closed(*stream, to);
                 }
               });
}

void Network::close(Stream& stream, End from) {
  const std::shared_ptr<Stream> held = find(stream);
  if (!held) {
    return;
  }
  if (from == End::server) {
    // `Gateway::on_closed` follows a finish, and what was sent before it arrives first.
    timeline_.in(milliseconds(1), [this, held] {
      if (std::exchange(held->is_open[index(End::server)], false)) {
        ends_.on_closed(*held, End::server);
      }
    });
  } else {
    held->is_open[index(End::agent)] = false;
  }
  Instant& busy = held->busy_until[index(from)];
  busy = std::max(busy, timeline_.now() + delay(held->agent()));
  const bool arrives = !held->is_broken && !roads_[held->agent()].is_cut;
  const milliseconds late = arrives ? milliseconds(0) : half_open_max;
  timeline_.at(busy, [this, held, from, late] { tell_closed(held, other(from), late); });
}

void Network::break_stream(Stream& stream) {
  const std::shared_ptr<Stream> held = find(stream);
  if (held && !std::exchange(held->is_broken, true)) {
    tell_closed(held, End::agent, user_timeout);
    tell_closed(held, End::server, half_open_max);
  }
}

}  // namespace skerry::sim
