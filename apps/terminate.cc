// What the agent says of an exception that nobody caught. This replaces the C++ library's own
// handler, found by its name at link time, because that one carries a demangler of 0.05 MB to print
// the type.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include <cxxabi.h>

namespace {

/// The type's name stays mangled: "St13runtime_error".
void tell_exception(const std::type_info& type) {
  std::fprintf(stderr, "terminate called after throwing %s\n", type.name());
  try {
    throw;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "  what():  %s\n", error.what());
  } catch (...) {
    return;  // Its type is all that is known of it, and is said above.
  }
}

}  // namespace

void __gnu_cxx::__verbose_terminate_handler() {
  static bool terminating = false;
  const std::type_info* const type = abi::__cxa_current_exception_type();
  // A what() that throws in its turn must not come back here for ever.
  if (type != nullptr && !terminating) {
    terminating = true;
    tell_exception(*type);
  }
  std::abort();
}
