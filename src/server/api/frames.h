#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "resource/selector.h"
#include "server/api/desk.h"
#include "server/api/tally.h"

namespace skerry::api {

/// One object as it is told to everybody who watches it.
struct Frame {
  std::string uid = {};
  /// What a selector looks at.
  resource::Labels labels = {};
  /// `"stack":{…}`: the object as a member of a change in JSON.
  std::string object = {};
};

/// The frames of one round, each made once however many are told it.
class Frames {
 public:
  Frames(Desk& desk, const Tally& tally) : desk_(desk), tally_(tally) {}

  /// Whether a stack is told with its counts, as of the tally.
  enum class Counts : std::uint8_t { without, with };

  /// The object as it is now, nullptr where it is gone. Shared, because the round that made it may
  /// end before all have taken it.
  Result<std::shared_ptr<const Frame>> of(const std::string& kind,
                                          const std::string& name,
                                          Counts counts);

  /// A new round: everything is made anew.
  void clear() { made_.clear(); }

 private:
  Result<std::shared_ptr<const Frame>> make(const std::string& kind,
                                            const std::string& name,
                                            Counts counts);

  Desk& desk_;
  const Tally& tally_;
  std::map<std::tuple<std::string, std::string, Counts>, std::shared_ptr<const Frame>> made_;
};

/// A change with its object, in JSON.
std::string change_json(const v1::Change& change, const Frame* frame);

}  // namespace skerry::api
