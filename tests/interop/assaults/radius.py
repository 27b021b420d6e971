# SPDX-License-Identifier: Apache-2.0
"""With a real FreeRADIUS behind aditd: what strangers send to the RADIUS client, and what log-ins do to it."""
import contextlib
import os
import socket
import struct

from assaults.assault import SOURCE, assault, each_pass, ipv4, random
from harness import radius
from harness.lab import CORE
from harness.namespace import inside
from siege_kit.site import FOE

UDP = 17
SOURCE_PORT, PORT, IDENTIFIER = 34, 36, 43  # offsets in a frame
OURS, SILENT, DAE = "198.51.100.1", 1899, 3799
USERS = 'DEFAULT Cleartext-Password := "blast"\n'
ACCEPT, DISCONNECT, COA = 2, 40, 43
GUESS = ("--until", "up", "--then", "close", "--open", 500, "--sources", 10_000)


def served(changes=()):
    @contextlib.contextmanager
    def place(siege, settings):
        with radius.freeradius(siege.lab, USERS):
            siege.serve({**radius.config(**dict(changes)), **settings})
            yield list
    return place


@contextlib.contextmanager
def accounting_unanswered(siege, settings):
    """Its port takes what comes, and nobody reads it."""
    with inside("adit-core"):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with silent, radius.freeradius(siege.lab, USERS):
        silent.bind((CORE, SILENT))
        config = radius.config()
        config["radius-server"][0]["acct-port"] = SILENT
        siege.serve({**config, **settings})
        yield list


def udp(source, source_port, target, port, body):
    return ipv4(source, target, struct.pack("!HHHH", source_port, port, 8 + len(body), 0) + body, UDP)


def request(code, *attributes):
    data = b"".join(bytes([kind, 2 + len(value)]) + value for kind, value in attributes)
    return struct.pack("!BBH", code, 0, 20 + len(data)) + os.urandom(16) + data


def at(field, address):
    """aditd's address on the core's side, or the control's."""
    return address if field.target.is_aditd else field.target.address


@assault("forged Access-Accepts from the server's address, to every port and identifier", place=served())
def replies(field):
    body = request(ACCEPT, (80, os.urandom(16)), (8, bytes([10, 64, 0, 9])))
    return field.flood([udp(CORE, 1812, at(field, OURS), 1024 + each, body) for each in range(64)],
                       each_pass(PORT, 2, 64, 1000), random(IDENTIFIER, 1))


@assault("Disconnect- and CoA-Requests from 10,000 strangers", brief=True, place=served())
def strangers(field):
    bodies = [request(code, (1, b"blast"), (80, os.urandom(16))) for code in (DISCONNECT, COA)]
    return field.flood([udp("10.97.0.1", 3799, at(field, OURS), DAE, body) for body in bodies], each_pass(SOURCE, 4, 1, 10_000))


@assault("the same from the address of one who may, without the secret", place=served())
def without_the_secret(field):
    bodies = [request(code, (1, b"blast"), (80, os.urandom(16))) for code in (DISCONNECT, COA)]
    return field.flood([udp(CORE, 3799, at(field, OURS), DAE, body) for body in bodies], random(IDENTIFIER, 1), random(SOURCE_PORT, 2))


@assault("wrong passwords, from 10,000 addresses", place=served())
def wrong_passwords(field):
    return field.callers(*GUESS, "--login", "wrong-mschap")


@assault("log in, log out, again, from 10,000 addresses, and accounting is not answered", place=accounting_unanswered)
def logins_unaccounted(field):
    return field.callers(*GUESS, "--login", "pap")


@assault("UDP to every port of aditd's", place=served())
def any_port(field):
    return field.flood([udp(FOE, 4000, at(field, OURS), 1 + each, bytes(32)) for each in range(64)], each_pass(PORT, 2, 64, 1000))
