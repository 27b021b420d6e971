# SPDX-License-Identifier: Apache-2.0
"""EAP with other implementations of it than the machine's pppd and FreeRADIUS: pppd of the other release, hostapd as the server, and
eapol_test as the client, whose MSK is what the call's packets are encrypted with."""
import contextlib
import shutil

from harness.case import case, expect
from harness.certificates import certificates
from harness.dial import EXIT_USER_REQUEST, Dial
from harness.eapol_call import EapolCall
from harness.hostapd import hostapd
from harness.lab import CORE
from harness.other_ppp import of_peap, other_root, version
from harness.radius import config, eap_module, freeradius
from harness.session import GATEWAY, check_link, no_sessions, session_of

BASE = {"auth": {"methods": ["eap"]}, "ppp": {"mppe": "require"}}

# Which method FreeRADIUS begins with, by user; and none in particular within TLS.
USERS = """
dave Cleartext-Password := "tango"
paula FreeRADIUS-Proxied-To == 127.0.0.1, Cleartext-Password := "tango"
paula Cleartext-Password := "tango", EAP-Type := 25
terry FreeRADIUS-Proxied-To == 127.0.0.1, Cleartext-Password := "tango"
terry Cleartext-Password := "tango", EAP-Type := 21
client EAP-Type := 13
"""
HOSTAPD_USERS = """
"dave" MSCHAPV2 "tango"
"client" TLS
"paula" PEAP [ver=0]
"paula" MSCHAPV2 "tango" [2]
"""


def carried():
    """Settings with which everything goes to a RADIUS server."""
    settings = config()
    settings["auth"]["methods"] = ["eap"]
    return {**settings, "eap": {"mode": "radius"}, "ppp": {"mppe": "require"}}


@contextlib.contextmanager
def serving(world, **more):
    """aditd with both methods of its own, that by certificates first."""
    with certificates(world.lab) as made:
        shutil.chown(made.file("key", "server"), "root", "adit")
        made.file("key", "server").chmod(0o640)
        world.lab.serve({**BASE, "eap": {
            "methods": ["tls", "mschapv2"], "certificate": str(made.file("cert", "server")),
            "private-key": str(made.file("key", "server")), "ca": str(made.file("ca", "server")), **more}}, restart=True)
        yield made


@contextlib.contextmanager
def carrying(world):
    """FreeRADIUS behind aditd."""
    with certificates(world.lab) as made, freeradius(world.lab, USERS, eap=eap_module(made, "mschapv2")):
        yield made


def passes(world, dial, user, method):
    dial.up()
    check_link(world.lab, dial, user, method, mppe=True)
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)
    return method


def by_password(world, user, method, password="tango", root=None, options=()):
    return passes(world, Dial(world.alice, user=user, password=password, eap=True, root=root, options=options), user, method)


def by_certificate(world, made, root=None):
    dial = Dial(world.alice, user="client", password="", eap=True, root=root, options=made.options(world.alice))
    return passes(world, dial, "client", "eap-tls")


@case(BASE)
def another_pppd_and_methods_of_ours(world):
    root = other_root()
    with serving(world) as made:
        methods = [by_password(world, "alice", "eap-mschapv2", password="secret", root=root), by_certificate(world, made, root)]
    return f"pppd {version(root)}: {', '.join(methods)}"


@case(carried())
def another_pppd_and_methods_of_freeradius(world):
    root = other_root()
    with carrying(world) as made:
        methods = [by_password(world, "dave", "eap-mschapv2", root=root), by_certificate(world, made, root)]
    return f"pppd {version(root)}: {', '.join(methods)}"


@case(carried())
def methods_of_hostapd(world):
    """It puts Message-Authenticator last. PEAP by the pppd that has it, which wants MS-PEAP's cryptobinding: FreeRADIUS 3.2.1 sends none."""
    newer = of_peap()
    with certificates(world.lab) as made, hostapd(world.lab, HOSTAPD_USERS, made):
        methods = [by_password(world, "dave", "eap-mschapv2"), by_certificate(world, made),
                   by_password(world, "paula", "peap", root=newer, options=made.options(world.alice)[:2])]
    return f"{', '.join(methods)}, that by pppd {version(newer)}"


def of_password(user, method, phase2=None, password="tango"):
    """Lines for eapol_test."""
    return [f"eap={method}", f'identity="{user}"', f'password="{password}"', *([f'phase2="auth={phase2}"'] if phase2 else [])]


def of_certificate(made, newest="1.2"):
    """TLS 1.3 is for those who ask for it."""
    return ["eap=TLS", f'phase1="tls_disable_tlsv1_3={int(newest != "1.3")}"', 'identity="client"',
            f'ca_cert="{made.file("ca", "client")}"', f'client_cert="{made.file("cert", "client")}"',
            f'private_key="{made.file("key", "client")}"']


def keys_of_eapol_test(world, user, method, lines, tls=None):
    with contextlib.closing(EapolCall(world.lab, lines)) as call:
        if tls:
            expect(f"eapol_test tells of TLS {tls}", f"Using TLS version TLSv{tls}" in call.said, True)
        session = session_of(world.lab, user)
        expect("adit's word", (session["auth"], session["mppe_mode"]), [(method, "128")])
        expect("pings", call.ping(CORE), {84: "1/1", 1028: "1/1"})
        expect("pings of the gateway", call.ping(GATEWAY), {84: "1/1", 1028: "1/1"})
    no_sessions(world.lab)
    return method


@case(BASE)
def keys_of_ours_are_eapol_tests(world):
    """AUT-15: MPPE both ways with nothing but the MSK that eapol_test has computed."""
    with serving(world, **{"tls-max-version": "1.3"}) as made:
        keys_of_eapol_test(world, "alice", "eap-mschapv2", of_password("alice", "MSCHAPV2", password="secret"))
        for tls in ("1.2", "1.3"):
            keys_of_eapol_test(world, "client", "eap-tls", of_certificate(made, tls), tls)
    return "eap-mschapv2, eap-tls by TLS 1.2 and 1.3"


@case(carried())
def keys_of_freeradius_are_eapol_tests(world):
    """Those of its Accept: of 16 octets for EAP-MSCHAPv2, of 32 for methods with TLS."""
    with carrying(world) as made:
        ca = f'ca_cert="{made.file("ca", "client")}"'
        methods = [keys_of_eapol_test(world, "dave", "eap-mschapv2", of_password("dave", "MSCHAPV2")),
                   keys_of_eapol_test(world, "client", "eap-tls", of_certificate(made)),
                   keys_of_eapol_test(world, "paula", "peap", [*of_password("paula", "PEAP", "MSCHAPV2"), ca]),
                   keys_of_eapol_test(world, "terry", "eap-ttls", [*of_password("terry", "TTLS", "PAP"), ca])]
    return ", ".join(methods)
