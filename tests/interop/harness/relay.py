# SPDX-License-Identifier: Apache-2.0
"""A bad path to a RADIUS server: packets through it are lost, late, or answered by somebody else.

As a program, in a namespace: relay.py ADDRESS FROM:TO..., with one line on its standard input for each change:
  loss PERCENT   of the packets, each way       delay SECONDS   of the replies
  random         requests are answered here, by acceptances that know no secret
  layout SECRET  and by those of BlastRADIUS: a right Response Authenticator, no Message-Authenticator
"""
import contextlib
import hashlib
import heapq
import os
import random
import select
import socket
import subprocess
import sys
import time

ACCESS_REQUEST, ACCESS_ACCEPT = 1, 2


class Relay:
    """Its methods change the conditions; none are bad at first."""

    def __init__(self, lab, address, *ports):
        words = [f"{ours}:{theirs}" for ours, theirs in ports]
        self.process = subprocess.Popen(lab.command("adit-core", "python3", __file__, address, *words), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1, start_new_session=True)
        self.process.stdout.readline()

    def weather(self, words):
        """The change is in force when this returns."""
        self.process.stdin.write(words + "\n")
        self.process.stdout.readline()

    def fair(self):
        self.weather("loss 0")


@contextlib.contextmanager
def relay(lab, address, *ports):
    one = Relay(lab, address, *ports)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def forged(request, secret):
    """An Access-Accept. Without a secret: forged by somebody who has none. With: as a collision would make it."""
    attributes = b"" if secret is None else bytes([33, 18]) + os.urandom(16)
    if secret is None:
        attributes = bytes([80, 18]) + os.urandom(16)
    head = bytes([ACCESS_ACCEPT, request[1]]) + (20 + len(attributes)).to_bytes(2, "big")
    authenticator = os.urandom(16) if secret is None else hashlib.md5(head + request[4:20] + attributes + secret).digest()
    return head + authenticator + attributes


class Way:
    def __init__(self, address, ports):
        self.address = address
        self.listening = {}  # our socket to the server's port
        self.upstream = {}   # a socket towards the server to our socket and the client's address
        self.by_client = {}
        self.late = []
        self.loss = self.delay = 0.0
        self.forge = None
        for ours, theirs in ports:
            listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            listening.bind((address, ours))
            self.listening[listening] = theirs

    def set(self, words):
        self.loss, self.delay, self.forge = 0.0, 0.0, None
        kind, _, value = words.partition(" ")
        if kind == "loss":
            self.loss = float(value) / 100
        elif kind == "delay":
            self.delay = float(value)
        elif kind == "random":
            self.forge = lambda request: forged(request, None)
        elif kind == "layout":
            self.forge = lambda request: forged(request, value.encode())

    def lost(self):
        return random.random() < self.loss

    def on_request(self, listening):
        request, client = listening.recvfrom(4096)
        if self.forge is not None and request[0] == ACCESS_REQUEST:
            listening.sendto(self.forge(request), client)
        elif not self.lost():
            key = (listening, client)
            if key not in self.by_client:
                up = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                up.connect((self.address, self.listening[listening]))
                self.by_client[key], self.upstream[up] = up, key
            with contextlib.suppress(ConnectionRefusedError):
                self.by_client[key].send(request)

    def on_reply(self, up):
        with contextlib.suppress(ConnectionRefusedError):
            reply = up.recv(4096)
            if not self.lost():
                heapq.heappush(self.late, (time.monotonic() + self.delay, len(self.late), reply, self.upstream[up]))

    def deliver(self):
        while self.late and self.late[0][0] <= time.monotonic():
            _, _, reply, (listening, client) = heapq.heappop(self.late)
            listening.sendto(reply, client)

    def run(self):
        while True:
            wait = max(0, self.late[0][0] - time.monotonic()) if self.late else None
            ready, _, _ = select.select([sys.stdin, *self.listening, *self.upstream], [], [], wait)
            for one in ready:
                if one is sys.stdin:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    self.set(line.strip())
                    print("so be it", flush=True)
                elif one in self.listening:
                    self.on_request(one)
                else:
                    self.on_reply(one)
            self.deliver()


if __name__ == "__main__":
    way = Way(sys.argv[1], [tuple(map(int, words.split(":"))) for words in sys.argv[2:]])
    print("ready", flush=True)
    way.run()
