// SPDX-License-Identifier: Apache-2.0
// Names, numbers and types of attributes, as FreeRADIUS 3 dictionary files define them, so that an operator's config can name
// attributes of a vendor that we do not know. Files come through the caller's reader. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/radius/attributes.hpp"
#include "controlplane/radius/value_types.hpp"

namespace adit::control::radius {

/// Names in dictionaries are case-insensitive.
struct AnyCaseHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view name) const;
};
struct AnyCaseEqual {
  using is_transparent = void;
  [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const;
};
template <typename Value>
using ByName = std::unordered_map<std::string, Value, AnyCaseHash, AnyCaseEqual>;

struct Definition {
  std::string name{};
  VendorId vendor = kNoVendor;
  std::uint32_t number = 0;  ///< within its vendor or, not plain, within what it is a part of
  ValueType type = ValueType::kOther;
  /// It stands in packets by itself, its value as it is: an attribute of RFC 2865, or a vendor's with a type and a length
  /// octet; not part of another, not behind a tag, not hidden, not FreeRADIUS' own.
  bool plain = false;
  ByName<std::uint64_t> values{};  ///< VALUE: numbers that have names
};

struct Vendor {
  VendorId id = kNoVendor;
  bool plain = true;  ///< its attributes have a type and a length octet each (format=1,1)
};

class Dictionary {
 public:
  /// nullptr: unknown.
  [[nodiscard]] const Definition* find(std::string_view name) const;
  /// Of plain ones; the latest when several names have one number.
  [[nodiscard]] const Definition* find(VendorId vendor, std::uint8_t number) const;
  [[nodiscard]] const Vendor* vendor(std::string_view name) const;
  [[nodiscard]] std::span<const Definition> all() const { return definitions_; }

  /// A name that is defined already is redefined.
  void define(Definition definition);
  void define_vendor(std::string_view name, Vendor vendor);
  /// Of an attribute that is known.
  void define_value(std::string_view attribute, std::string_view name, std::uint64_t value);

 private:
  std::vector<Definition> definitions_;
  ByName<std::size_t> by_name_;
  std::unordered_map<std::uint64_t, std::size_t> by_number_;
  ByName<Vendor> vendors_;
};

/// A file's text; nothing: there is no such file; an error: why it cannot be read, and what to do.
using ReadFile =
    std::function<std::expected<std::optional<std::string>, std::string>(const std::string& path)>;

/// `base` with all that `file` and the files it includes define: added, or instead of what had that name. Or one line,
/// "file:line: what is wrong; what to do". $INCLUDE is relative to the including file, at most 8 deep; all files together
/// have at most 8 MiB.
[[nodiscard]] std::expected<Dictionary, std::string> extended(Dictionary base, const std::string& file,
                                                              const ReadFile& read);

/// What Adit sends and honours, and the rate limits of Mikrotik, Cisco and WISPr.
[[nodiscard]] const Dictionary& standard_dictionary();

}  // namespace adit::control::radius
