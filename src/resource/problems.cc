#include "resource/problems.h"

#include <utility>

namespace skerry::resource {

void Problems::add(Error error) {
  if (full()) {
    ++unlisted_;
  } else {
    list_.push_back(std::move(error));
  }
}

}  // namespace skerry::resource
