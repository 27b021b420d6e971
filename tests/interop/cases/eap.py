# SPDX-License-Identifier: Apache-2.0
"""EAP with a real pppd: EAP-MSCHAPv2 against aditd itself, and EAP-MSCHAPv2 and EAP-TLS carried to a real FreeRADIUS, each with MPPE
under traffic; and FreeRADIUS's keys as eapol_test computes them, which is no client of ours."""
import contextlib
import re
import subprocess

from harness.case import case, expect
from harness.certificates import certificates
from harness.dial import EXIT_AUTH_TO_PEER_FAILED, EXIT_USER_REQUEST, Dial
from harness.lab import CORE
from harness.radius import SECRET, config, eap_module, freeradius
from harness.session import MPPE_ON, Mark, check_link, no_sessions, session_of

LOCAL = {"auth": {"methods": ["eap"]}, "ppp": {"mppe": "require"}}
USERS = """
dave Cleartext-Password := "tango"
"""


def carried():
    """Settings with which everything goes to FreeRADIUS."""
    settings = config()
    settings["auth"]["methods"] = ["eap"]
    return {**settings, "eap": {"mode": "radius"}, "ppp": {"mppe": "require"}}


def ends_well(world, dial):
    expect("pppd's exit status", dial.hang_up(), EXIT_USER_REQUEST)
    no_sessions(world.lab)


@case(LOCAL)
def eap_mschapv2_of_ours(world):
    """AUT-15: chap-secrets, and the keys of RFC 3079."""
    dial = Dial(world.alice, eap=True)
    link = dial.up()
    check_link(world.lab, dial, "alice", "eap-mschapv2", mppe=True)
    ends_well(world, dial)
    return f"up in {link.seconds_to_up:.1f} s"


@case(LOCAL)
def eap_mschapv2_with_a_wrong_password(world):
    mark = Mark(world.lab)
    dial = Dial(world.alice, password="not-her-password", eap=True)
    expect("pppd's exit status", dial.exit_status(), EXIT_AUTH_TO_PEER_FAILED)
    mark.reason("auth_failed")
    no_sessions(world.lab)
    return "exit 19"


@case({"auth": {"methods": ["eap", "mschap-v2"]}, "ppp": {"mppe": "prefer"}})
def a_client_without_eap_takes_the_next_method(world):
    dial = Dial(world.alice, auth=["mschap-v2"])
    dial.up()
    expect("the method", session_of(world.lab, "alice")["auth"], "mschap-v2")
    ends_well(world, dial)
    return "mschap-v2, after its Nak"


@case(carried())
def eap_mschapv2_of_freeradius(world):
    with certificates(world.lab) as made, freeradius(world.lab, USERS, eap=eap_module(made, "mschapv2")):
        dial = Dial(world.alice, user="dave", password="tango", eap=True)
        dial.up()
        expect("adit's word", session_of(world.lab, "dave")["auth"], "eap-mschapv2")
        expect("MPPE is on at the client", MPPE_ON in dial.log(), True)
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        ends_well(world, dial)
    return "up, encrypted, with traffic"


@case(carried())
def eap_tls_of_freeradius(world):
    """A certificate of each side, in fragments below Framed-MTU; 32-octet keys."""
    with certificates(world.lab) as made, freeradius(world.lab, USERS, eap=eap_module(made, "tls")):
        dial = Dial(world.alice, user="client", password="", eap=True, options=made.options(world.alice))
        dial.up()
        expect("adit's word", session_of(world.lab, "client")["auth"], "eap-tls")
        expect("MPPE is on at the client", MPPE_ON in dial.log(), True)
        expect("pings", dial.link.ping(), {84: "3/3", 1028: "3/3"})
        ends_well(world, dial)
    return "up, encrypted, with traffic"


def keys_of_eapol_test(world, lines):
    """What eapol_test and FreeRADIUS agree on: "PMK from EAPOL", in hexadecimal."""
    path = world.lab.work_dir / "eapol_test.conf"
    path.write_text("network={\n  key_mgmt=IEEE8021X\n  eapol_flags=0\n" + "".join(f"  {line}\n" for line in lines) + "}\n")
    run = subprocess.run(world.lab.command("adit-core", "eapol_test", "-c", path, "-a", CORE, "-s", SECRET),
                         capture_output=True, text=True, check=False, timeout=30)
    found = re.search(r"PMK from EAPOL - hexdump\(len=32\): ([0-9a-f ]+)", run.stdout)
    expect("eapol_test succeeds", run.stdout.rstrip().endswith("SUCCESS"), True)
    return found[1].replace(" ", "")


@case(carried())
def the_server_serves_others_alike(world):
    """The reference beside our cases: the same server, users and certificates by a client and a NAS that are not ours."""
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(certificates(world.lab))
        stack.enter_context(freeradius(world.lab, USERS, eap=eap_module(made, "mschapv2")))
        by_password = keys_of_eapol_test(world, ["eap=MSCHAPV2", 'identity="dave"', 'password="tango"'])
        by_certificate = keys_of_eapol_test(world, [
            "eap=TLS", 'identity="client"', f'ca_cert="{made.file("ca", "client")}"',
            f'client_cert="{made.file("cert", "client")}"', f'private_key="{made.file("key", "client")}"'])
    expect("they differ", by_password != by_certificate, True)
    return "EAP-MSCHAPv2 and EAP-TLS"
