// SPDX-License-Identifier: Apache-2.0
// Numbers for people to read, in the progress line and the tables. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace adit::app::blast {

/// "0", "3,214", "1,234,567".
[[nodiscard]] std::string with_commas(std::uint64_t count);
/// Rounded; 0 if negative or not finite.
[[nodiscard]] std::string with_commas(double value);

/// "3.41 ms", "41.2 ms", "1,240 ms"; "-" where nothing was measured.
[[nodiscard]] std::string milliseconds(double ms);

/// `part` of `whole`: "0 %", "0.0012 %", "12.5 %"; never "0 %" for a part that is not 0.
[[nodiscard]] std::string percentage(double part, double whole);

/// "3.20", "48.1", "1,240": three significant digits, or all before the point.
[[nodiscard]] std::string decimal(double value);

/// "+12.3 KiB", "-3 B", with its sign.
[[nodiscard]] std::string signed_octets(double octets);

}  // namespace adit::app::blast
