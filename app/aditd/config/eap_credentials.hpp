// SPDX-License-Identifier: Apache-2.0
// The files of [eap] that EAP-TLS needs: read at --check, at the start and by a reload in the same way, with the same words.
// Thread: any, after crypto::initialise().
#pragma once

#include <memory>

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

/// Whether logins by certificate are carried out here: always, or, with [eap] mode = "radius", while no server answers. The
/// files are needed then.
[[nodiscard]] bool carries_out_eap_tls(const Config& config);

/// Null when they are not needed, or when one of them cannot be used: an error then. What is out of date, or soon will be, is a
/// warning: aditd may start before its clock is right, and other methods do without. `running`: a reload's, null otherwise.
/// What it carries out, it does until the next start, whatever the file says: its files are read for as long as they are named.
[[nodiscard]] std::shared_ptr<const crypto::TlsCredentials> read_eap_credentials(const Config& config,
                                                                                 const Sheet& sheet,
                                                                                 const Config* running,
                                                                                 Problems& problems);

}  // namespace adit::app
