# SPDX-License-Identifier: Apache-2.0
"""A bridge in a network namespace, to which guests attach their taps."""
import subprocess


class Bridge:
    def __init__(self, namespace, name="br0"):
        self.namespace, self.name = namespace, name

    def command(self, *arguments):
        """The command line that runs `arguments` in the bridge's namespace."""
        return ["ip", "netns", "exec", self.namespace, *map(str, arguments)]

    def add_tap(self, tap):
        subprocess.run(["ip", "-n", self.namespace, "tuntap", "add", tap, "mode", "tap"], check=True)
        subprocess.run(["ip", "-n", self.namespace, "link", "set", tap, "master", self.name, "up"], check=True)

    def remove_tap(self, tap):
        subprocess.run(["ip", "-n", self.namespace, "link", "del", tap], capture_output=True)
