// SPDX-License-Identifier: Apache-2.0
// Makes octets from peers and operators safe to print on one line: log values, table cells, error messages.
// Printable UTF-8 is kept; whatever could move the cursor, end a line or reorder text, and invalid UTF-8, is
// escaped.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace adit::app {

/// Longest value shown: PAP and CHAP names have at most 255 octets.
inline constexpr std::size_t kMaxShownOctets = 256;

/// `\\ \" \n \r \t`, else `\xNN` per octet, or `\u{NNNN}` for a valid but unsafe code point (C1 controls,
/// zero-width and direction marks). Anything beyond `max_octets` becomes "...".
[[nodiscard]] std::string escape_octets(std::string_view octets, std::size_t max_octets = kMaxShownOctets);

/// The same, but quotes and backslashes stay: for a sentence of ours that is printed as it is. Names in it are escaped
/// already.
[[nodiscard]] std::string escape_text(std::string_view octets, std::size_t max_octets = kMaxShownOctets);

/// The same for a text of several lines, which stay. Bounded far above any such text.
[[nodiscard]] std::string printable(std::string_view text);

/// What escape_octets() made this text of, so that whatever is shown can be typed. A backslash that begins none of
/// its forms stays as it is.
[[nodiscard]] std::string unescape_octets(std::string_view shown);

/// What an operator may mean by a name as it is written: what escape_octets() made this of, and where that is another, the
/// name as it stands, as DOMAIN\user. Meant is the first that there is.
[[nodiscard]] std::vector<std::string> meanings_of(const std::string& written);

/// A name of any octets in JSON, where meanings_of() finds it: as it is if that is UTF-8, else as it is shown.
[[nodiscard]] std::string written_name(const std::string& octets);

/// Whether it is UTF-8, which JSON must be.
[[nodiscard]] bool is_utf8(std::string_view octets);

/// UTF-8, as JSON must be, of any octets: each that is none of it becomes `\xNN`, all else stays. For a regular expression,
/// to which that means the octet again, while escape_octets() would double its backslashes.
[[nodiscard]] std::string as_utf8(std::string_view octets);

/// A log value: unchanged if it needs no quotes, else escaped in double quotes. Never empty; a space is
/// always quoted.
[[nodiscard]] std::string quote_if_needed(std::string_view octets, std::size_t max_octets = kMaxShownOctets);

/// Terminal columns of what escape_octets() returned: two for a wide character (CJK), none for a combining one, whatever
/// the locale.
[[nodiscard]] std::size_t display_width(std::string_view escaped);

/// What escape_octets() returned, within `width` terminal columns: what does not fit becomes "...", and no escape is
/// halved.
[[nodiscard]] std::string cut_to_width(std::string_view escaped, std::size_t width);

}  // namespace adit::app
