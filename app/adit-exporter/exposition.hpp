// SPDX-License-Identifier: Apache-2.0
// What `show.metrics` of aditd answers, as a Prometheus server reads it: its text format 0.0.4, and OpenMetrics 1.0.
// Both have the same series, so that it does not matter which of them a server asked for.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace adit::app::exporter {

using Json = nlohmann::ordered_json;

enum class Format : std::uint8_t { kText, kOpenMetrics };

/// Of an Accept header: OpenMetrics for whoever names it, else text.
[[nodiscard]] Format format_of(std::string_view accept);
[[nodiscard]] std::string_view content_type(Format format);

/// `families` is an array of {"name", "type", "unit", "help", "samples"}; what is not of that form, or has a name that
/// is none, is left out: one wrong family must not cost the others.
/// Without the end that OpenMetrics asks for, so that more may follow: end_of().
[[nodiscard]] std::string expose(const Json& families, Format format);
[[nodiscard]] std::string_view end_of(Format format);

}  // namespace adit::app::exporter
