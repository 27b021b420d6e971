// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_ccp.hpp"

#include "controlplane/ppp/mppe_modes.hpp"

namespace adit::control {
namespace {

namespace bits = wire::mppe_bits;

}  // namespace

// Windows offers more than its policy accepts, and waits to be Nak'd; but only if the strongest strength
// offered, which the server will choose, is allowed.
std::uint32_t ClientCcp::first_request() const {
  const std::uint32_t mode =
      strengths() != 0 && settings().mppe_stateful == StatefulPolicy::kPrefer ? 0 : bits::kStateless;
  const std::uint32_t compression = compression_in(mode);
  if (strengths() == 0) {
    return compression != 0 ? mode | compression : 0;
  }
  const std::uint32_t offer = profile_.mppe_strengths;
  const std::uint32_t asked = (strongest_mppe(offer) & strengths()) != 0 ? offer : strengths();
  return asked | mode | compression;
}

bool ClientCcp::takes_mode(std::uint32_t request) const {
  const bool stateless = (request & bits::kStateless) != 0;
  switch (settings().mppe_stateful) {
    case StatefulPolicy::kDeny:
      return stateless;
    case StatefulPolicy::kPrefer:
      return !stateless;
    case StatefulPolicy::kAllow:
      return true;
  }
  return stateless;
}

std::uint32_t ClientCcp::mode_for(std::uint32_t wish) {
  const std::uint32_t wished = wish & bits::kStateless;
  return takes_mode(wish) ? wished : wished ^ bits::kStateless;
}

}  // namespace adit::control
