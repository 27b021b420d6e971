# SPDX-License-Identifier: Apache-2.0
"""Sockets in a network namespace of the lab, from this process: a socket stays in the namespace where it was made."""
import contextlib
import ctypes
import socket

CLONE_NEWNET = 0x40000000
ETH_P_IP = 0x0800
libc = ctypes.CDLL(None, use_errno=True)


def _enter(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(name):
    """The calling thread is in the namespace within this block."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{name}") as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def mac_of(namespace, interface):
    with inside(namespace), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as probe:
        probe.bind((interface, 0))
        return probe.getsockname()[4]


class Wire:
    """Sends IPv4 packets unchanged, valid or not, from one end of a veth pair to the other."""

    def __init__(self, namespace, interface, peer_namespace, peer_interface):
        with inside(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.bind((interface, 0))
        self._ethernet = (mac_of(peer_namespace, peer_interface) + mac_of(namespace, interface)
                          + ETH_P_IP.to_bytes(2, "big"))

    def send(self, packet, repeat=1):
        for _ in range(repeat):
            self._socket.send(self._ethernet + packet)


def connect(namespace, address, family=socket.AF_INET, seconds=3):
    """A connected stream socket."""
    with inside(namespace):
        stream = socket.socket(family, socket.SOCK_STREAM)
    stream.settimeout(seconds)
    stream.connect(address)
    return stream


