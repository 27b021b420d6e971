// SPDX-License-Identifier: Apache-2.0
// Octets from peers and operators made safe to print on one line: log values, table cells, error messages.
// Printable UTF-8 stays as it is; all that could move a cursor, end a line, reorder text or is no UTF-8 is spelled out.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace adit::app {

/// Longest value that is shown: PAP and CHAP names have at most 255 octets.
inline constexpr std::size_t kMaxShownOctets = 256;

/// `\\ \" \n \r \t`, else `\xNN` per octet, or `\u{NNNN}` for a well-formed code point that is not to be shown (C1
/// controls, zero-width and direction marks). Longer than `max_octets`: cut there, and "..." follows.
[[nodiscard]] std::string escape_octets(std::string_view octets, std::size_t max_octets = kMaxShownOctets);

/// As a log value: as it is when it needs no quotes, else escaped within double quotes. Never empty, never a space.
[[nodiscard]] std::string quote_if_needed(std::string_view octets, std::size_t max_octets = kMaxShownOctets);

/// How many columns a terminal gives to what escape_octets returned: code points, not octets.
[[nodiscard]] std::size_t display_width(std::string_view escaped);

}  // namespace adit::app
