#include "os/lifeline.h"

namespace skerry::os {

// Out of line: inlined, GCC 12 takes the pointer to a check for one that outlives it.
Lifeline::Check::Check(Lifeline& line) : line_(&line), older_(line.newest_) {
  line.newest_ = this;
}

Lifeline::Check::~Check() {
  if (!gone_) {
    line_->newest_ = older_;
  }
}

Lifeline::~Lifeline() {
  for (Check* check = newest_; check != nullptr; check = check->older_) {
    check->gone_ = true;
  }
}

}  // namespace skerry::os
