// SPDX-License-Identifier: Apache-2.0
// Whose login it is that a certificate has proven: the certificate says, not the peer. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace adit::control {

/// The one of the certificate's `names` (crypto::CertificateNames) that the peer calls itself by `identity`: the same but
/// for the case of ASCII letters, or the same as what follows its last backslash (Windows: "CORP\alice"). An anonymous
/// identity (RFC 9190 §2.1.4: empty, or only "@" and a realm) stands for the first name. As the certificate spells it; none:
/// the certificate is another's.
[[nodiscard]] std::optional<std::string> name_proven(std::span<const std::string> names,
                                                     std::string_view identity);

}  // namespace adit::control
