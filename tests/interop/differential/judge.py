# SPDX-License-Identifier: Apache-2.0
"""Whether two readings of a frame are the same, and if not, in which class they differ."""

ACCEPTED = {
    "gre.padding": "RFC 2637 §4.1: Payload Length ends the payload (Ethernet pads); tshark reads on to the end",
    "gre.payload-without-sequence": "RFC 2637 §4.1: without S there is no payload; tshark reads one",
    "ppp.beyond-length": "RFC 1661 §5: octets beyond Length are padding; tshark reads on to the end",
    "ppp.cisco-hdlc": "RFC 1661 §6.5: an odd first octet is a whole protocol; tshark takes 0F and 8F for Cisco's",
    "options.unnamed": "RFC 1661 §6: every option has type and length; tshark shows neither of those that it does "
                       "not know, or whose length it does not expect",
    "pptp.early": "RFC 2637 §1.4: a wrong field ends the connection as soon as it is in; tshark waits for the rest",
    "radius.vendor": "RFC 2865 §5.26: a String too short for a type and a length is the vendor's own; tshark stops",
    "radius.unknown-code": "RFC 2865 §3: discarded by its Code, above the codec; tshark does not take it for RADIUS",
}


def number(their, field, which=0):
    values = their.get(field, [])
    return int(values[which], 0) if len(values) > which else None


def pairs(their, kinds, sizes):
    return "".join(f"{int(kind, 0)}:{int(size, 0)}," for kind, size in zip(their.get(kinds, []), their.get(sizes, [])))


def differ_by_unnamed(ours, theirs):
    """Whether theirs are ours with some left out."""
    rest = iter(ours.split(","))
    return all(option in rest for option in theirs.split(","))


def differs(our, their, fields, where):
    """The first of our fields that tshark reads otherwise."""
    for name, field in fields:
        if name in our and number(their, field) != int(our[name]):
            return f"{where}.{name}"
    return None


def judge_gre(octets, our, their):
    refused = our.get("refused", "")
    flags, protocol = number(their, "gre.flags_and_version"), number(their, "gre.proto")
    header = 8 + (4 if (flags or 0) & 0x1000 else 0) + (4 if (flags or 0) & 0x80 else 0)
    faults = {
        "gre_truncated": len(octets) < header,
        "gre_not_enhanced": (flags or 0) & 7 != 1 or protocol != 0x880B,
        "gre_flags": (flags or 0) & 0xEF7F != 0x2001,
        "gre_payload_length": (number(their, "gre.key.payload_length") or 0) > len(octets) - header,
    }
    if refused in faults:
        return "same" if faults[refused] else refused
    if any(faults.values()):
        return "gre.taken"
    wrong = differs(our, their, (("call", "gre.key.call_id"), ("sequence", "gre.sequence_number"),
                                 ("ack", "gre.ack_number"), ("payload", "gre.key.payload_length")), "gre")
    if wrong:
        return wrong
    if "sequence" not in our:
        return "gre.payload-without-sequence" if "ppp.protocol" in their else "same"
    payload = octets[header:header + int(our["payload"])]
    verdict = judge_ppp(payload, our, their)
    return "gre.padding" if verdict != "same" and header + len(payload) < len(octets) else verdict


PREFIX = {0xC021: "lcp", 0x8021: "ipcp", 0x80FD: "ccp", 0xC023: "pap", 0xC223: "chap"}


def judge_ppp(payload, our, their):
    if not payload:
        return "same" if "ppp.protocol" not in their else "ppp.empty"
    refused = our.get("refused", "")
    protocol = number(their, "ppp.protocol")
    if refused.startswith("ppp_"):
        if refused == "ppp_address":
            return "same" if number(their, "ppp.control") not in (3, None) else "ppp.address"
        return "same" if protocol is None or "_ws.malformed" in their else refused
    if int(our["protocol"]) != protocol:
        return "ppp.cisco-hdlc" if payload[0] in (0x0F, 0x8F) else "ppp.protocol"
    kind = PREFIX.get(protocol)
    if kind is None:
        return "same"
    of_its_own = kind in ("pap", "chap")
    names = [f"{kind if of_its_own else 'ppp'}.{name}" for name in ("code", "identifier", "length")]
    length = number(their, names[2])
    malformed = "_ws.malformed" in their
    at = 2 if payload[0] == 0xFF else 0
    room = len(payload) - at - (1 if payload[at] & 1 else 2)
    faults = {"packet_truncated": room < 4, "packet_short": length is not None and length < 4,
              "packet_long": length is None or length > room}
    if refused in faults:
        return "same" if faults[refused] else refused
    wrong = differs(our, their, zip(("code", "identifier", "length"), names), kind)
    if wrong:
        return wrong
    if refused == "options":
        return "same" if malformed or "ppp.opt.len.invalid" in their or "_ws.expert.message" in their else f"{kind}.options-refused"
    if "options" in our:
        read = pairs(their, f"{kind}.opt.type", f"{kind}.opt.length")
        if read == our["options"]:
            return "same"
        return "options.unnamed" if differ_by_unnamed(our["options"], read) else f"{kind}.options"
    if refused in ("pap", "chap"):
        sizes = [number(their, field) for field in ("chap.value_size", "pap.peer_id.length", "pap.password.length")]
        held = 5 + sum(size + 1 for size in sizes if size is not None) - 1  # RFC 1334 §2.2.1, RFC 1994 §4.1
        if malformed or held > length or sizes[0] == 0:
            return "same"
        return "ppp.beyond-length" if length < room else f"{kind}.refused"
    return differs(our, their, (("user", "pap.peer_id.length"), ("password", "pap.password.length"),
                                ("value", "chap.value_size")), kind) or "same"


LENGTHS = {1: 156, 2: 156, 3: 16, 4: 16, 5: 16, 6: 20, 7: 168, 8: 32, 9: 220, 10: 24, 11: 28, 12: 16, 13: 148, 14: 40,
           15: 24}


def judge_pptp(octets, our, their):
    refused = our.get("refused", "")
    length, kind = number(their, "pptp.length"), number(their, "pptp.control_message_type")
    faults = {
        "pptp_length": length is not None and (length != LENGTHS.get(kind, length) or length != len(octets)
                                               or not 12 <= length <= 220),
        "pptp_not_control": number(their, "pptp.type") not in (1, None),
        "pptp_magic": number(their, "pptp.magic_cookie") not in (0x1A2B3C4D, None),
        "pptp_type": kind is not None and kind not in LENGTHS,
        "pptp_truncated": length is None or length > len(octets),
    }
    if refused:
        return "same" if faults[refused] else "pptp.early" if length is None else refused
    if any(faults.values()):
        return "pptp.taken"
    return differs(our, their, (
        ("type", "pptp.control_message_type"), ("call", "pptp.call_id"), ("peer", "pptp.peer_call_id"),
        ("identifier", "pptp.identifier"), ("version", "pptp.protocol_version"), ("cause", "pptp.cause"),
        ("error", "pptp.error"), ("window", "pptp.packet_receive_window_size"), ("speed", "pptp.connect_speed"),
        ("send_accm", "pptp.send_accm"), ("receive_accm", "pptp.receive_accm"), ("crc", "pptp.crc_errors"),
        ("alignment", "pptp.alignment_errors")), "pptp") or "same"


CODES = (*range(1, 14), *range(21, 34), 40, 41, 42, 43, 44, 45, 50, 51)


def judge_radius(octets, our, their):
    refused = our.get("refused", "")
    length = number(their, "radius.length")
    malformed = "_ws.malformed" in their or "_ws.expert.message" in their
    if "radius.code" not in their and len(octets) >= 20 and octets[0] not in CODES:
        return "radius.unknown-code"
    if refused == "radius_length":
        return "same" if length is None or not 20 <= length <= min(4096, len(octets)) else refused
    if refused:
        return "same" if malformed else refused
    wrong = differs(our, their, (("code", "radius.code"), ("identifier", "radius.id")), "radius")
    if wrong:
        return wrong
    read = pairs(their, "radius.avp.type", "radius.avp.length")
    if read == our["attributes"]:
        return "same"
    stopped = malformed and our["attributes"].startswith(read) and read.split(",")[-2].startswith("26:")
    return "radius.vendor" if stopped else "radius.attributes"


def judge(kind, octets, our, their):
    return {"g": judge_gre, "p": judge_pptp, "r": judge_radius}[kind](octets, our, their)
