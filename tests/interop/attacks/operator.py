# SPDX-License-Identifier: Apache-2.0
"""Hostile input on the operator's side: the JSON-RPC socket, the command line and the config file."""
import json
import socket
import subprocess

from attacks.attack import attack, matches
from harness.build import BUILD
from harness.case import Unmet
from harness.lab import BASE_CONFIG, LAB, RUN_DIR

SOCKET = str(RUN_DIR / "adit.sock")


# ---- the socket -----------------------------------------------------------------------------------------------------

def ask(octets, finish=True):
    """Sends the octets, and returns all that comes back before the server closes or is silent for a second."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(1)
        stream.connect(SOCKET)
        received = b""
        try:
            stream.sendall(octets)
            if finish:
                stream.shutdown(socket.SHUT_WR)
            while more := stream.recv(65536):
                received += more
        except TimeoutError:
            return received, "open"
        except OSError:
            return received, "closed"
        return received, "closed"


def said(answer):
    """A JSON-RPC answer as text: error -32700 'Parse error'."""
    octets, fate = answer
    if not octets.strip():
        return fate
    reply = json.loads(octets.splitlines()[0])
    if isinstance(reply, dict) and "error" in reply:
        return f"error {reply['error']['code']} {reply['error']['message']!r}"[:100]
    return f"result {json.dumps(reply)}"[:60]


def rpc(what, octets, wanted=r"error -32\d\d\d .*|closed", finish=True):
    @attack("rpc", what)
    def run(target):
        return matches(wanted, said(ask(octets, finish)))
    return run


def call(method, params=None, **more):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **more}).encode() + b"\n"


rpc("noise", bytes(range(128, 256)) + b"\n")
rpc("an empty line", b"\n", wanted=r"error .*|closed")
rpc("JSON that ends in the middle", b'{"jsonrpc": "2.0", "id": 1, "method": "show', wanted=r"error .*|closed|open")
rpc("a number for a request", b"42\n")
rpc("an empty batch", b"[]\n")
rpc("a method that is not there", call("show.secrets"))
rpc("a method that is a number", b'{"jsonrpc": "2.0", "id": 1, "method": 7}\n')
rpc("parameters of the wrong kind", b'{"jsonrpc": "2.0", "id": 1, "method": "terminate", "params": "all"}\n')
rpc("terminate without a selector", call("terminate"))
rpc("arrays 50,000 deep", b"[" * 50_000 + b"]" * 50_000 + b"\n")
rpc("4 MB without a line's end", b'"' + b"A" * 4_000_000, finish=False)
rpc("invalid UTF-8 in a method", b'{"jsonrpc": "2.0", "id": 1, "method": "\xff\xfe\x00"}\n')


@attack("rpc", "200 connections that say nothing")
def idle_connections(target):
    streams = []
    try:
        for _ in range(200):
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stream.settimeout(1)
            streams.append(stream)
            stream.connect(SOCKET)
    except OSError:
        pass  # refusing some is fine; starving the operator is not
    for stream in streams:
        stream.close()
    count = len(target.lab.adit("show", "sessions")["sessions"])
    return f"adit answers afterwards, {count} sessions"


# ---- the command line -----------------------------------------------------------------------------------------------

def command(what, *words, wanted=r"exit [1-9]\d*: \S.*"):
    """`adit WORDS`: a non-zero exit status and one readable line."""
    @attack("cli", what)
    def run(target):
        done = subprocess.run([LAB, "exec", "--", "adit", *words], capture_output=True, text=True, timeout=20,
                              errors="replace")
        lines = (done.stderr + done.stdout).strip().splitlines() or [""]
        return matches(wanted, f"exit {done.returncode}: {lines[0][:100]}")
    return run


command("no verb")
command("a verb that is not there", "explode")
command("show without a subject", "show")
command("terminate without a selector", "terminate")
command("terminate of an address that is none", "terminate", "ip", "999.1.1.1")
command("terminate of a user with escape codes in the name", "terminate", "username", "\x1b[31mroot\n")


# ---- the config file ------------------------------------------------------------------------------------------------

def check_config(target, path):
    """`aditd --config PATH --check`: exit status and first line. It must never end by a signal."""
    done = subprocess.run([BUILD / "app/aditd/aditd", "--config", path, "--check"], capture_output=True, timeout=20)
    if done.returncode < 0:
        raise Unmet(f"aditd --check ended by signal {-done.returncode}")
    lines = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines() or [""]
    return f"exit {done.returncode}: {lines[0].replace(str(path), path.name)[:120]}"


def config(what, change, wanted=r"exit [1-9]\d*: .*config\.toml.*"):
    """`change` turns the lab's good config into bad octets; the error must name the file."""
    @attack("config", what)
    def run(target):
        path = target.lab.work_dir / "config.toml"
        path.write_bytes(change(BASE_CONFIG.read_bytes()))
        return matches(wanted, check_config(target, path))
    return run


def swap(old, new):
    def change(octets):
        assert old in octets, old
        return octets.replace(old, new, 1)
    return change


config("an empty file", lambda _: b"")
config("noise", lambda _: bytes(range(256)) * 16)
config("a bracket left open", swap(b"[pptp]", b"[pptp"))
config("a section that is not there", swap(b"[pptp]", b"[pptpd]"))
config("a key that is not there", swap(b"mppe =", b"mpe ="))
config("a key twice", swap(b"mppe =", b'mppe = "deny"\nmppe ='))
config("a number for a word", swap(b'mppe = "require"', b"mppe = 128"))
config("a word that is none of the choices", swap(b'"require"', b'"required"'))
config("an address that is none", swap(b'"10.64.0.1"', b'"10.64.0.256"'))
config("a pool whose end is before its begin", swap(b"10.64.0.2-10.64.255.254", b"10.64.9.9-10.64.0.2"))
config("the gateway inside the pool", swap(b'"10.64.0.1"', b'"10.64.0.2"'))
config("a count out of bounds", swap(b"workers = 1", b"workers = 100000000000000000000"))
config("no listener", swap(b'bind = ["192.0.2.1"]', b"bind = []"))
config("a required method without MPPE's keys", swap(b'["mschap-v2"]', b'["pap"]'))
config("chap-secrets that is not there", swap(b"/run/adit-lab/chap-secrets", b"/nonexistent/chap-secrets"))


@attack("config", "a file that is not there")
def no_file(target):
    return matches(r"exit [1-9]\d*: \S.*", check_config(target, target.lab.work_dir / "no-such.toml"))


@attack("config", "a directory for a file")
def directory(target):
    return matches(r"exit [1-9]\d*: \S.*", check_config(target, target.lab.work_dir))
