// SPDX-License-Identifier: Apache-2.0
// Attributes as the log shows them: what is refused is told by name and value. Pure; any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/value_types.hpp"

namespace adit::control::radius {

/// "1400", "192.0.2.1", "2001:db8::/56", "\"gold\"" (octets as received, bounded), or "0x0102" when the octets do not fit the
/// type.
[[nodiscard]] std::string value_text(const Attribute& attribute, ValueType type);

/// Name and value by the standard dictionary: "Framed-MTU 12". An attribute that it does not know, or whose
/// value is hidden by the secret, is told without its value: "attribute 241".
[[nodiscard]] std::string to_text(const Attribute& attribute);

/// Why an attribute refuses a call: the above, and the `rule` that it breaks.
[[nodiscard]] std::unexpected<std::string> refused(const Attribute& attribute, std::string_view rule);

}  // namespace adit::control::radius
