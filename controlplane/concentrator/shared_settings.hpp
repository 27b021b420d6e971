// SPDX-License-Identifier: Apache-2.0
// A generation of settings: what a reload replaces lives as long as a connection or a call that began with it.
// Thread: control. Owners: the core, for those that begin now; each connection and call, for itself.
#pragma once

#include <memory>

#include "controlplane/base/settings.hpp"

namespace adit::control {

using SharedSettings = std::shared_ptr<const Settings>;

}  // namespace adit::control
