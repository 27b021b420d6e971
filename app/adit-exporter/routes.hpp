// SPDX-License-Identifier: Apache-2.0
// What is served at which path. Thread: the server's.
#pragma once

#include "app/adit-exporter/http_server.hpp"
#include "app/adit-exporter/options.hpp"
#include "app/adit-exporter/source.hpp"

namespace adit::app::exporter {

/// `source` and `options` live as long as the server.
void add_routes(HttpServer& server, Source& source, const Options& options);

/// Whether a request that names this host (its Host header) may be meant for us: an address, or localhost. A name could be one of
/// a stranger's page that leads here (DNS rebinding), with the reader's browser inside the firewall.
[[nodiscard]] bool is_own_host(const std::string& host);

/// Parameters of `show.sessions` that look for `text` in a column; empty: all. Null if the page cannot look there.
[[nodiscard]] Json search_params(const std::string& column, const std::string& text,
                                 const std::string& after);

}  // namespace adit::app::exporter
