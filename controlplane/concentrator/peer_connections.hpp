// SPDX-License-Identifier: Apache-2.0
// The control connections of each client address, the newest first: a list through the records. O(1).
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <unordered_map>

#include "controlplane/concentrator/connection_record.hpp"

namespace adit::control {

class PeerConnections {
 public:
  void add(ConnectionRecord& connection) {
    ConnectionRecord*& newest = newest_[connection.peer];
    connection.older = newest;
    if (newest != nullptr) {
      newest->newer = &connection;
    }
    newest = &connection;
  }
  void remove(ConnectionRecord& connection) {
    if (connection.older != nullptr) {
      connection.older->newer = connection.newer;
    }
    if (connection.newer != nullptr) {
      connection.newer->older = connection.older;
    } else if (connection.older != nullptr) {
      newest_[connection.peer] = connection.older;
    } else {
      newest_.erase(connection.peer);
    }
    connection.older = connection.newer = nullptr;
  }
  /// The others follow by `older`; nullptr: there is none.
  [[nodiscard]] const ConnectionRecord* newest(wire::Ipv4Address peer) const {
    const auto entry = newest_.find(peer);
    return entry == newest_.end() ? nullptr : entry->second;
  }

 private:
  std::unordered_map<wire::Ipv4Address, ConnectionRecord*> newest_;
};

}  // namespace adit::control
