// SPDX-License-Identifier: Apache-2.0
// What an operator is told about the lines of a chap-secrets file. A file may have a mistake on each of a million
// lines: the first few of each kind are told, the others counted. Thread: any. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace adit::control {

/// `wrong` may hold a user's name, as raw octets. Neither holds anything of the columns behind it: where a line is
/// not what it should be, any of them may be the password, or a part of it.
struct SecretNote {
  std::string wrong;
  std::string remedy;
  friend bool operator==(const SecretNote&, const SecretNote&) = default;
};

enum class SecretNoteKind : std::uint8_t {
  kSkipped,      ///< the line is wrong, and no user of it can log in
  kOtherServer,  ///< the line is for another server
  kDuplicate,    ///< another line of the same user counts
  kDialect,      ///< pppd and accel-ppp read the line differently
  kIgnored,      ///< a part of the line has no effect
  kMachines,     ///< what the line grants is the machine's own, or in a network that it is in
};

class SecretNotes {
 public:
  static constexpr std::size_t kOfAKind = 10;

  /// `user`: empty where it is not certain which word that is.
  void add(SecretNoteKind kind, std::size_t line, std::string_view user, std::string_view wrong,
           std::string remedy);
  /// In the order in which they were added; at the end, how many of which kind are missing.
  [[nodiscard]] std::vector<SecretNote> take();

 private:
  static constexpr std::size_t kKinds = 6;
  std::array<std::size_t, kKinds> counts_{};
  std::vector<SecretNote> notes_;
};

}  // namespace adit::control
