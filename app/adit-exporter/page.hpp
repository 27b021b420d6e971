// SPDX-License-Identifier: Apache-2.0
// The status page, page/page.html as it was at build time. Any thread.
#pragma once

#include <string_view>

namespace adit::app::exporter {

extern const std::string_view kPage;
/// Content-Security-Policy: its own script and style, by their digests, and its own server; nothing else.
extern const std::string_view kPagePolicy;

}  // namespace adit::app::exporter
