// SPDX-License-Identifier: Apache-2.0
// Structures as octets that a newer build can still read. A structure is a row of fields, each a tag of its own, a length
// and a value; one function lists them, for writing and for reading:
//
//   void fields(auto& at, FieldsOf<CarriedLcp> auto& lcp) {
//     at(1, lcp.magic);
//     at(2, lcp.method, AuthMethod::kEap);  // an enumeration names its last enumerator
//   }
//
// What is zero or empty is not written, and what is missing is read as that: a field that is added must mean by zero what
// held before there was one. Tags ascend, are never used for anything else, and unknown ones are passed over. Numbers are as
// long as they need to be, so that a field may become wider. Pure; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

/// `T` is `Structure`, to be read into, or const, to be written.
template <typename T, typename Structure>
concept FieldsOf = std::is_same_v<std::remove_const_t<T>, Structure>;

namespace field {

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
/// Repeated fields of one tag. Octets are one field.
template <typename T>
inline constexpr bool kIsList = false;
template <typename T>
inline constexpr bool kIsList<std::vector<T>> = !std::is_same_v<T, std::uint8_t>;
template <typename T>
inline constexpr bool kIsText =
    std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<std::uint8_t>>;
template <typename T>
inline constexpr bool kIsPrefix = std::is_same_v<T, wire::Ipv4Prefix> || std::is_same_v<T, wire::Ipv6Prefix>;
template <typename T>
inline constexpr std::size_t kArraySize = 0;
template <std::size_t kSize>
inline constexpr std::size_t kArraySize<std::array<std::uint8_t, kSize>> = kSize;

/// A value as a number. Negative ones are as in two's complement, of 64 bits.
template <typename T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
constexpr std::uint64_t number_of(T value) {
  return static_cast<std::uint64_t>(value);
}
constexpr std::uint64_t number_of(wire::Ipv4Address value) {
  return value.value;
}
template <typename Tag>
constexpr std::uint64_t number_of(wire::CallId<Tag> value) {
  return value.value;
}
constexpr std::uint64_t number_of(Duration value) {
  return static_cast<std::uint64_t>(value.count());
}
constexpr std::uint64_t number_of(Instant value) {
  return number_of(value.since_start);
}
template <typename T>
concept Number = requires(T value) { number_of(value); };

/// False: the number does not fit.
template <typename T>
  requires std::is_integral_v<T>
constexpr bool assign(T& value, std::uint64_t number) {
  value = static_cast<T>(number);
  return number_of(value) == number;
}
constexpr bool assign(wire::Ipv4Address& value, std::uint64_t number) {
  return assign(value.value, number);
}
template <typename Tag>
constexpr bool assign(wire::CallId<Tag>& value, std::uint64_t number) {
  return assign(value.value, number);
}
/// Times that no process has: they would overflow in sums.
constexpr bool assign(Duration& value, std::uint64_t number) {
  constexpr Duration kMost = std::chrono::days(365 * 1000);
  value = Duration{static_cast<Duration::rep>(number)};
  return value <= kMost && value >= -kMost;
}
constexpr bool assign(Instant& value, std::uint64_t number) {
  return assign(value.since_start, number);
}

}  // namespace field

class FieldWriter {
 public:
  explicit FieldWriter(wire::MutableBytes into) : into_(into) {}

  template <typename T>
  void operator()(std::uint8_t tag, const T& value) {
    if constexpr (field::kIsOptional<T>) {
      if (value) {
        write(tag, *value, true);
      }
    } else if constexpr (field::kIsList<T>) {
      for (const auto& one : value) {
        write(tag, one, true);
      }
    } else {
      static_assert(!std::is_enum_v<T>, "name the last enumerator");
      write(tag, value, false);
    }
  }
  template <typename T>
    requires std::is_enum_v<T>
  void operator()(std::uint8_t tag, T value, T /*last*/) {
    write(tag, static_cast<std::uint64_t>(value), false);
  }

  /// False: there was no room for all of it.
  [[nodiscard]] bool fits() const { return fits_; }
  [[nodiscard]] wire::Bytes octets() const { return into_.first(filled_); }

 private:
  template <typename T>
  void write(std::uint8_t tag, const T& value, bool even_if_empty) {
    constexpr std::size_t kHeader = 3;
    const std::size_t begun = filled_;
    std::array<std::uint8_t, kHeader> header{tag, 0, 0};
    append(header);
    write_value(value);
    const std::size_t size = filled_ - begun - kHeader;
    if (!fits_ || size > 0xFFFF) {
      fits_ = false;
    } else if (size == 0 && !even_if_empty) {
      filled_ = begun;
    } else {
      wire::store_be(&into_[begun + 1], static_cast<std::uint16_t>(size));
    }
  }
  template <typename T>
  void write_value(const T& value) {
    if constexpr (field::Number<T>) {
      std::array<std::uint8_t, 8> octets;
      wire::store_be(octets.data(), field::number_of(value));
      const auto* const first = std::ranges::find_if(octets, [](std::uint8_t octet) { return octet != 0; });
      append({first, octets.end()});
    } else if constexpr (std::is_same_v<T, std::string>) {
      append(wire::octets_of(value));
    } else if constexpr (field::kIsText<T> || field::kArraySize<T> != 0) {
      append(value);
    } else if constexpr (std::is_same_v<T, wire::Ipv6Address>) {
      std::array<std::uint8_t, wire::kIpv6AddressSize> octets;
      wire::store_ipv6(octets.data(), value);
      append(value.is_none() ? wire::Bytes{} : wire::Bytes(octets));
    } else if constexpr (field::kIsPrefix<T>) {
      append(std::array<std::uint8_t, 1>{value.length});
      write_value(value.address);
    } else {
      fields(*this, value);
    }
  }
  void append(wire::Bytes octets) {
    if (!fits_ || octets.size() > into_.size() - filled_) {
      fits_ = false;
    } else {
      std::ranges::copy(octets, into_.begin() + static_cast<std::ptrdiff_t>(filled_));
      filled_ += octets.size();
    }
  }

  wire::MutableBytes into_;
  std::size_t filled_ = 0;
  bool fits_ = true;
};

class FieldReader {
 public:
  /// `why`: set if something is wrong; outlives the reader.
  FieldReader(wire::Bytes octets, std::string& why) : rest_(octets), why_(why) {}

  template <typename T>
  void operator()(std::uint8_t tag, T& value) {
    if constexpr (field::kIsOptional<T>) {
      value.reset();
      if (const auto octets = find(tag)) {
        read(tag, *octets, value.emplace());
      }
    } else if constexpr (field::kIsList<T>) {
      value.clear();
      for (auto octets = find(tag); octets; octets = find(tag)) {
        read(tag, *octets, value.emplace_back());
      }
    } else {
      static_assert(!std::is_enum_v<T>, "name the last enumerator");
      read(tag, find(tag).value_or(wire::Bytes{}), value);
    }
  }
  template <typename T>
    requires std::is_enum_v<T>
  void operator()(std::uint8_t tag, T& value, T last) {
    std::uint64_t number = 0;
    read(tag, find(tag).value_or(wire::Bytes{}), number);
    if (number > static_cast<std::uint64_t>(last)) {
      return fail(tag, "has a value that is not known here");
    }
    value = static_cast<T>(number);
  }

 private:
  /// The next field of that tag; none: there is none before the next greater one.
  [[nodiscard]] std::optional<wire::Bytes> find(std::uint8_t tag) {
    constexpr std::size_t kHeader = 3;
    while (!rest_.empty() && rest_[0] <= tag) {
      const std::uint8_t found = rest_[0];
      const std::size_t size = rest_.size() < kHeader ? 0 : wire::load_be<std::uint16_t>(&rest_[1]);
      if (rest_.size() < kHeader + size) {
        fail(found, "is cut off");
        rest_ = {};
        return std::nullopt;
      }
      const wire::Bytes value = rest_.subspan(kHeader, size);
      rest_ = rest_.subspan(kHeader + size);
      if (found == tag) {
        return value;
      }
    }
    return std::nullopt;
  }
  template <typename T>
  void read(std::uint8_t tag, wire::Bytes octets, T& value) {
    if constexpr (field::Number<T>) {
      std::uint64_t number = 0;
      for (const std::uint8_t octet : octets.first(std::min<std::size_t>(octets.size(), 8))) {
        number = number << 8 | octet;
      }
      if (octets.size() > 8 || !field::assign(value, number)) {
        fail(tag, "is a number that is too great");
      }
    } else if constexpr (field::kIsText<T>) {
      value.assign(octets.begin(), octets.end());
    } else if constexpr (field::kArraySize<T> != 0) {
      value = {};
      if (!octets.empty() && octets.size() != value.size()) {
        return fail(tag, "has the wrong length");
      }
      std::ranges::copy(octets, value.begin());
    } else if constexpr (std::is_same_v<T, wire::Ipv6Address>) {
      if (!octets.empty() && octets.size() != wire::kIpv6AddressSize) {
        return fail(tag, "has the wrong length");
      }
      value = octets.empty() ? wire::Ipv6Address{} : wire::load_ipv6(octets.data());
    } else if constexpr (field::kIsPrefix<T>) {
      read_prefix(tag, octets, value);
    } else {
      FieldReader inner(octets, why_);
      fields(inner, value);
    }
  }
  template <typename Prefix>
  void read_prefix(std::uint8_t tag, wire::Bytes octets, Prefix& value) {
    if (octets.empty()) {
      return fail(tag, "has the wrong length");
    }
    read(tag, octets.subspan(1), value.address);
    value.length = octets[0];
    constexpr std::uint8_t kLongest = std::is_same_v<Prefix, wire::Ipv4Prefix> ? 32 : 128;
    if (value.length > kLongest || !value.contains(value.address)) {
      value = {};
      fail(tag, "is no prefix");
    }
  }
  void fail(std::uint8_t tag, std::string_view what) {
    if (why_.empty()) {
      why_ = "field " + std::to_string(tag) + ' ' + std::string(what);
    }
  }

  wire::Bytes rest_;
  std::string& why_;
};

}  // namespace adit::control
