#include "reconcile/runtime.h"

namespace skerry::reconcile {

std::string to_string(Action::Verb verb) {
  switch (verb) {
    case Action::Verb::pull_image:
      return "pull_image";
    case Action::Verb::create_network:
      return "create_network";
    case Action::Verb::create_volume:
      return "create_volume";
    case Action::Verb::create_container:
      return "create_container";
    case Action::Verb::start_container:
      return "start_container";
    case Action::Verb::stop_container:
      return "stop_container";
    case Action::Verb::remove_container:
      return "remove_container";
    case Action::Verb::connect_network:
      return "connect_network";
    case Action::Verb::disconnect_network:
      return "disconnect_network";
    case Action::Verb::update_container:
      return "update_container";
    case Action::Verb::unpause_container:
      return "unpause_container";
    case Action::Verb::remove_network:
      return "remove_network";
  }
  return "unknown";
}

}  // namespace skerry::reconcile
