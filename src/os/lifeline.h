#pragma once

namespace skerry::os {

/// Lets a member function find out that a callback it made has destroyed its object.
///
/// The object holds a `Lifeline`; the function holds a `Lifeline::Check` across its callbacks, and
/// touches no member once `gone()` is true.
class Lifeline {
 public:
  class Check {
   public:
    explicit Check(Lifeline& line);
    Check(const Check&) = delete;
    Check& operator=(const Check&) = delete;
    ~Check();

    [[nodiscard]] bool gone() const { return gone_; }

   private:
    friend class Lifeline;
    Lifeline* line_;
    Check* older_;
    bool gone_ = false;
  };

  Lifeline() = default;
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;
  ~Lifeline();

 private:
  Check* newest_ = nullptr;
};

}  // namespace skerry::os
