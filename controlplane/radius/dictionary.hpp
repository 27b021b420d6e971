// SPDX-License-Identifier: Apache-2.0
// Names, numbers and types of attributes from FreeRADIUS 3 dictionary files, so that an operator's config can
// name attributes of a vendor unknown to us. Files come through the caller's reader. Pure; any thread.
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
  std::uint32_t number = 0;  ///< within its vendor or, if not plain, within its parent
  ValueType type = ValueType::kOther;
  /// A top-level attribute with an unencoded value: of RFC 2865, or a vendor's with a type and a length
  /// octet; not a sub-attribute, not tagged, not hidden, not internal to FreeRADIUS.
  bool plain = false;
  ByName<std::uint64_t> values{};  ///< VALUE: numbers with names
};

struct Vendor {
  VendorId id = kNoVendor;
  bool plain = true;  ///< its attributes have a type and a length octet each (format=1,1)
};

class Dictionary {
 public:
  /// nullptr: unknown.
  [[nodiscard]] const Definition* find(std::string_view name) const;
  /// Plain ones only; the latest if several names share a number.
  [[nodiscard]] const Definition* find(VendorId vendor, std::uint8_t number) const;
  [[nodiscard]] const Vendor* vendor(std::string_view name) const;
  [[nodiscard]] std::span<const Definition> all() const { return definitions_; }

  /// Redefines a name that is already defined.
  void define(Definition definition);
  void define_vendor(std::string_view name, Vendor vendor);
  /// The attribute must be defined.
  void define_value(std::string_view attribute, std::string_view name, std::uint64_t value);

 private:
  std::vector<Definition> definitions_;
  ByName<std::size_t> by_name_;
  std::unordered_map<std::uint64_t, std::size_t> by_number_;
  ByName<Vendor> vendors_;
};

/// A file's text; nothing: no such file; an error: why it cannot be read, and what to do.
using ReadFile =
    std::function<std::expected<std::optional<std::string>, std::string>(const std::string& path)>;

/// `base` plus everything that `file` and the files it includes define; new definitions replace those of the
/// same name. Or one line, "file:line: what is wrong; what to do". $INCLUDE is relative to the including
/// file, at most 8 deep; all files together have at most 8 MiB.
[[nodiscard]] std::expected<Dictionary, std::string> extended(Dictionary base, const std::string& file,
                                                              const ReadFile& read);

/// What Adit sends and honours, plus the rate limits of Mikrotik, Cisco and WISPr.
[[nodiscard]] const Dictionary& standard_dictionary();

}  // namespace adit::control::radius
