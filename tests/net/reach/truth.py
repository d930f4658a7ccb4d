"""The truth table: each arrangement, how voready-reach is run on it, and what must come out.

A case is one run; its rows select observations by their labels and say what they must hold. `run --table` prints all of
it as Markdown.
"""
import re

import lab
import servers
from expect import Between, Each, Matching, Missing, OneOf, Row, case, resolvers, site
from lab import address4, address6


# ---- TCP ports behind a firewall ----

def tcp(port, what, state, **labels):
    return Row(what, {"demand": "tcp", "port": port},
               {"reach_state": state, **{"@" + name: value for name, value in labels.items()}})


ROUTER, ROUTER_OUTSIDE = Each(lab.ROUTER4, lab.ROUTER6), Each(lab.NAT4, lab.NAT6)
TARGET = Each(address4("firewall"), address6("firewall"))
FIREWALL_ROWS = [
    tcp(7001, "accepted, a server listens", "open", offender=None),
    tcp(7002, "accepted, nobody listens", "closed", offender=None),
    tcp(7003, "dropped", "filtered", offender=None, answers="yes"),
    tcp(7004, "rejected: net unreachable / no route", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/0 "), Matching(r"1/0 "))),
    tcp(7005, "rejected: host / address unreachable", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/1 "), Matching(r"1/3 "))),
    tcp(7006, "rejected: protocol unreachable / policy", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/2 "), Matching(r"1/(1|5) "))),
    tcp(7007, "rejected: port unreachable, from the router", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/3 "), Matching(r"1/4 "))),
    tcp(7008, "rejected: net prohibited / reject route", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/9 "), Matching(r"1/6 "))),
    tcp(7009, "rejected: host prohibited / prohibited", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/10 "), Matching(r"1/1 "))),
    tcp(7010, "rejected: administratively prohibited", "rejected", offender=ROUTER,
        icmp=Each(Matching(r"3/13 "), Matching(r"1/1 "))),
    tcp(7011, "rejected with a TCP reset: the same as closed", "closed", offender=None),
    tcp(7012, "port unreachable from the target itself", "closed", offender=TARGET),
    tcp(7013, "prohibited by the target's own firewall", "rejected", offender=TARGET),
    tcp(7014, "the answers are dropped on their way back", "filtered", offender=None),
    tcp(7015, "rejected by this host's own firewall", "rejected", detail=Matching("this host")),
    tcp(7016, "accepted, then reset at once", "open"),
    tcp(7017, "accepted, then silence", "open"),
]


def literal(target, what, state, **labels):
    return Row(what, {"demand": "tcp", "address": target},
               {"reach_state": state, **{"@" + name: value for name, value in labels.items()}},
               families=(None,))


TARGETS = [f"{host}:{ports}" for host, ports in (
    (address4("firewall"), "7001-7017"), (f"[{address6('firewall')}]", "7001-7017"),
    (address4("nobody"), 80), (f"[{address6('nobody')}]", 80),
    *[(f"203.0.113.{last}", 80) for last in (1, 2, 3)], *[(f"[2001:db8:3::{last}]", 80) for last in (1, 2, 3)])]
case("firewall", "TCP ports, each with its own rule in the router, and routes that say no", FIREWALL_ROWS + [
    literal("203.0.113.1", "unreachable route in the router", "rejected", offender=lab.ROUTER4),
    literal("2001:db8:3::1", "unreachable route in the router", "rejected", offender=lab.ROUTER6),
    literal("203.0.113.2", "prohibit route in the router", "rejected", offender=lab.ROUTER4),
    literal("2001:db8:3::2", "prohibit route in the router", "rejected", offender=lab.ROUTER6),
    literal("203.0.113.3", "blackhole route in the router", "filtered", answers="no"),
    literal("2001:db8:3::3", "blackhole route in the router", "filtered", answers="no"),
    literal(address4("nobody"), "nobody has the address", "rejected", offender=lab.ROUTER4),
    literal(address6("nobody"), "nobody has the address", "rejected", offender=lab.ROUTER6),
], args=[word for target in TARGETS for word in ("--tcp", target)], timeout=5)

case("limited", "the router rejects 32 TCP ports, but sends 4 ICMP errors a second", [
    Row("rejected where an error came; nothing came: filtered, never open or closed", {"demand": "tcp", "port": port},
        {"reach_state": OneOf("rejected", "filtered")}) for port in lab.LIMITED],
    args=("--tcp", f"{address4('limited')}:{lab.LIMITED[0]}-{lab.LIMITED[-1]}", "--tcp",
          f"[{address6('limited')}]:{lab.LIMITED[0]}-{lab.LIMITED[-1]}"), timeout=5)


# ---- UDP and TCP ports through the responder ----

PORTS = range(5008, 5016)


def udp(what, out=None, inwards=None, ports=PORTS):
    """What must come out for each local port, by direction."""
    rows = [Row(f"{what}: out", {"demand": "fw.rtp", "direction": "out", "port": port, "local_port": port}, out)
            for port in ports if out]
    return rows + [Row(f"{what}: in", {"demand": "fw.rtp", "direction": "in", "local_port": port},
                       inwards) for port in ports if inwards]


def nat(what, word, **labels):
    return Row(what, {"demand": "net.nat", "@kind": "nat"},
               {"nat_mapping": word, **{"@" + name: value for name, value in labels.items()}})


def responder(name, what, rows, host=None, vantage="wifi", **more):
    where = {"address": (host or name) + ".test", "key_file": "reflect.key", **more.pop("responder", {})}
    case("udp-" + name, what, rows, site=site(responder=where, **more.pop("site", {})), vantage=vantage,
         timeout=more.pop("timeout", 3), **more)


OPEN = {"reach_state": "open", "@lost_on": None}
responder("responder", "nothing is in the way",
          udp("open", {**OPEN, "@seen_as": Matching(r"5\d\d\d$")}, {**OPEN, "reach_connect_ms": Missing("")}) + [
    nat("no NAT", "none", ports_kept="yes"),
    Row("a port of the SBC's range", {"demand": "fw.rtp", "port": 20000}, OPEN),
    Row("a port that the responder does not serve", {"demand": "fw.rtp", "port": 20004},
        {"reach_state": Missing("does not listen on UDP 20004")}),
], site={"sbc": {"address": "sbc.test", "transport": "tls", "rtp_ports": [20000, 20004]}})
responder("out", "UDP is dropped on its way out",
          udp("dropped out", {"reach_state": "filtered", "@lost_on": "out", "@arrived": 0}, OPEN))
responder("back", "UDP is dropped on its way back",
          udp("dropped back", {"reach_state": "filtered", "@lost_on": "back", "@arrived": Between(1, 3)},
              {"reach_state": "filtered", "@lost_on": "back"}))
responder("stateful", "a stateful firewall: only answers come in",
          udp("stateful", OPEN, {"reach_state": "filtered", "@lost_on": "back"}))
responder("reject", "UDP is rejected both ways",
          udp("rejected", {"reach_state": "rejected", "@offender": ROUTER},
              {"reach_state": "rejected", "@offender": ROUTER_OUTSIDE}))
responder("mixed", "another rule for each port",
          udp("dropped", {"reach_state": "filtered", "@lost_on": "out"}, ports=(5008,))
          + udp("rejected", {"reach_state": "rejected", "@offender": ROUTER}, ports=(5009,))
          + udp("dropped back", {"reach_state": "filtered", "@lost_on": "back"}, ports=(5010,))
          + udp("open", OPEN, OPEN, ports=range(5011, 5016))
          + udp("dropped back", None, {"reach_state": "filtered", "@lost_on": "back"}, ports=(5008,)))
responder("natted", "NAT between",
          udp("translated; nobody there listens", OPEN, {"reach_state": "rejected", "@offender": ROUTER_OUTSIDE})
          + [nat("NAT", "translated", mapped=Matching(re.escape(lab.NAT4) + "|" + re.escape(lab.NAT6)))])
responder("scarce", "UDP is rejected, but the router sends 2 ICMP errors a second", udp(
    "rejected: tried again more slowly where no error came", {"reach_state": "rejected", "@offender": ROUTER}),
    longest=10)
for name, what, why, more in (
        ("dead", "no responder: silence proves nothing", "its control port: RST", {}),
        ("hidden", "the responder's control port is dropped", "its control port: nothing came back", {}),
        ("wrong-key", "another key than the responder's", "is the key the same", {
            "host": "responder", "responder": {"key_file": "other.key"}}),
        ("quiet", "something else is on the control port, and is silent", "says nothing", {
            "responder": {"port": 8621}, "longest": 4.5}),
        ("banner", "a banner without end is on the control port", "is no voready-reflect",
         {"responder": {"port": 7001}})):
    unknown = {"reach_state": Missing(why)}
    responder(name, what, udp("not measured", unknown, unknown) + [
        Row("not known", {"demand": "net.nat", "@kind": "nat"}, {"nat_mapping": Missing(why)})], **more)
case("udp-none", "the site has no responder", [
    Row("not measured", {"demand": "fw.rtp", "direction": way, "local_port": port},
        {"reach_state": Missing("no responder")}, families=(None,))
    for way in ("out", "in") for port in (5008, 5015)], site=site())


# ---- SIP ----

def sip(transport, want, **more):
    return Row(more.pop("what"), {"demand": "fw.sip." + transport}, want, **more)


def only(transport, host, port=None, **more):
    """An SBC with one transport."""
    ports = {name: 0 for name in ("udp", "tcp", "tls", "mtls") if name != transport}
    return {"address": host + ".test", "transport": transport,
            "ports": {**ports, **({transport: port} if port else {})}, **more}


ACCOUNT = {"user": servers.SIP_USER, "domain": "sbc.test", "password_file": "sip.password"}
ANSWERS = {"reach_state": "open", "sip_options_code": 200, "sip_options_ms": Between(0, 1000)}
REGISTERED = {"sip_register_state": "registered", "sip_register_code": 200, "@sip_unregistered": "yes"}
for transport in ("udp", "tcp", "tls", "mtls"):
    rows = [sip(other, ANSWERS, what="OPTIONS by " + other) for other in ("udp", "tcp", "tls") if other != transport]
    if transport != "mtls":
        rows.append(sip("mtls", {**ANSWERS, "tls_client_certificate": "accepted"}, what="OPTIONS by mtls"))
    rows.append(sip(transport, {
        **ANSWERS, **REGISTERED, "sip_server_authentication": "verified", "sip_expires_s": 604800,
        "@digest_algorithm": "MD5", "@judged": "yes"}, what=f"registers by {transport}, and unregisters"))
    case("sip-" + transport, f"kamailio, the site's transport is {transport}", rows,
         site=site(sbc={"address": "sbc.test", "transport": transport}, account=ACCOUNT,
                   client_certificate={"file": "phone.pem"}))
for name, certificate, word in (("foreign", {"file": "stranger.pem"}, "refused"), ("none", None, "missing")):
    case("sip-mtls-" + name, f"kamailio wants a client certificate: {name}", [
        sip("mtls", {"reach_state": "open", "tls_client_certificate": word, "sip_options_code": Missing("")},
            what=f"certificate {word}")],
        site=site(sbc={"address": "sbc.test", "transport": "mtls"},
                  **({"client_certificate": certificate} if certificate else {})))
case("sip-sha256", "a registrar with SHA-256 and an hour at most, and no Authentication-Info", [
    sip("tls", {**REGISTERED, "sip_server_authentication": "absent", "sip_expires_s": 3600,
                "@digest_algorithm": "SHA-256"}, what="registers")],
    site=site(sbc={"address": "sbc-sha.test", "transport": "tls"}, account=ACCOUNT))
case("sip-unchallenged", "a registrar that registers anybody", [
    sip("tcp", {"sip_register_state": "unchallenged", "sip_register_code": 200,
                "sip_server_authentication": Missing("asked for no credentials"),
                "@sip_unregistered": "yes"}, what="registers")],
    site=site(sbc={"address": "sbc-open.test", "transport": "tcp"}, account=ACCOUNT))
case("sip-wrong-password", "a wrong password", [
    sip("udp", {"sip_options_code": 200, "sip_register_state": "refused", "sip_register_code": OneOf(401, 403),
                "sip_expires_s": Missing("")},
        what="refused")], site=site(sbc={"address": "sbc.test", "transport": "udp"},
                                    account={**ACCOUNT, "password_file": "wrong.password"}))
case("sip-wrong-user", "a user that the registrar does not know", [
    sip("udp", {"sip_register_state": "refused", "sip_register_code": 403}, what="refused")],
    site=site(sbc={"address": "sbc.test", "transport": "udp"}, account={**ACCOUNT, "user": "4989000"}))
for port, what, want in (
        (7002, "UDP port that nobody listens on", {"reach_state": "closed", "@offender": TARGET}),
        (7003, "dropped: may be open or filtered", {"reach_state": Missing("may be open or filtered")}),
        (7010, "rejected by the router", {"reach_state": "rejected", "@offender": ROUTER})):
    case(f"sip-udp-{port}", what, [sip("udp", {
        **want, "sip_options_code": Missing(""), "sip_register_state": OneOf(Missing(""), "no_answer")}, what=what)],
        site=site(sbc=only("udp", "firewall", port), account=ACCOUNT))


# ---- mutual TLS ----

for version in ("12", "13"):
    for name, certificate, word, answer in (
            ("right", {"file": "phone.pem"}, "accepted", 200),
            ("pkcs12", {"file": "phone.p12", "password_file": "p12.password"}, "accepted", 200),
            ("foreign", {"file": "stranger.pem"}, "refused", Missing("")), ("none", None, "missing", Missing(""))):
        case(f"mtls{version}-{name}", f"HAProxy wants a client certificate, TLS 1.{version[1]}: {name}", [
            sip("mtls", {"tls_client_certificate": word, "sip_options_code": answer, "reach_state": "open",
                         "tls_protocol": f"tls1.{version[1]}",
                         "tls_verified": "trusted"}, what=f"certificate {word}")],
            site=site(sbc=only("mtls", "mtls" + version),
                      **({"client_certificate": certificate} if certificate else {})))


# ---- TLS: certificates, protocols, interception ----

def tls(host, what, want, ports=(443, 5223)):
    return [Row(f"{what}, port {port}", {"demand": "fw.apns.device", "host": host, "port": port},
                {"reach_state": "open", **want}) for port in ports]


CERTIFICATES = (
    tls("good.test", "a good chain", {"tls_verified": "trusted", "tls_protocol": "tls1.3",
                                      "tls_days_left": Between(198, 200), "tls_ocsp": "none",
                                      "tls_client_certificate": "not_asked", "tls_interception": Missing("")})
    + tls("expired.test", "expired ten days ago", {"tls_verified": "expired", "tls_days_left": Between(-11, -10)})
    + tls("early.test", "valid in ten days", {"tls_verified": "not_yet_valid"})
    + tls("wrong.test", "another name", {"tls_verified": "wrong_name", "@tls_names": "elsewhere.test"})
    + tls("selfsigned.test", "self-signed", {"tls_verified": "self_signed", "@tls_chain_length": 1})
    + tls("chainless.test", "its intermediate is not sent",
          {"tls_verified": "incomplete_chain", "@tls_chain_length": 1})
    + tls("unknown.test", "a CA that nobody knows, sent whole",
          {"tls_verified": "unknown_issuer", "tls_interception": Missing("")})  # mere distrust
    + tls("weak.test", "RSA of 1024 bits", {"tls_verified": "weak"})
    + tls("stapled.test", "OCSP stapled: good", {"tls_verified": "trusted", "tls_ocsp": "good"})
    + tls("revoked.test", "OCSP stapled: revoked", {"tls_verified": "revoked", "tls_ocsp": "revoked"})
    + tls("giant.test", "a chain of 300 certificates", {"tls_verified": Missing("")})
    + tls("tls10.test", "TLS 1.0 only", {"tls_protocol": "tls1.0", "tls_verified": "trusted"})
    + tls("tls11.test", "TLS 1.1 only", {"tls_protocol": "tls1.1", "tls_verified": "trusted"})
    + tls("tls12.test", "TLS 1.2 only", {"tls_protocol": "tls1.2", "tls_verified": "trusted"})
    + tls("tapped.test", "intercepted with a CA that nobody knows",
          {"tls_verified": "unknown_issuer", "tls_interception": Missing("")})
    + tls("tapped-corporate.test", "intercepted with the corporate CA, which the site trusts",
          {"tls_verified": "trusted", "tls_interception": "suspected"}))
case("certificates", "TLS servers, each with a certificate of its own", CERTIFICATES, site=site("voice", {
    "apns_device": sorted({row.select["host"] for row in CERTIFICATES})}))
case("pins", "interception where issuers are pinned", [
    Row("the expected issuer", {"demand": "fw.apns.device", "host": "good.test", "port": 443},
        {"reach_state": "open", "tls_interception": "none"}),
    Row("intercepted with a CA that nobody knows", {"demand": "fw.apns.device", "host": "tapped.test", "port": 443},
        {"reach_state": "intercepted", "tls_interception": "intercepted"}),
    Row("intercepted with a CA that is trusted",
        {"demand": "fw.apns.device", "host": "tapped-corporate.test", "port": 443},
        {"reach_state": "intercepted", "tls_interception": "intercepted", "tls_verified": "trusted"}),
    Row("an expected issuer may stand behind a chain that is cut",
        {"demand": "fw.apns.device", "host": "chainless.test", "port": 443},
        {"reach_state": "open", "tls_interception": "suspected"}),
], site=site("voice", {"apns_device": ["good.test", "tapped.test", "tapped-corporate.test", "chainless.test"],
                       "issuer_pins": ["PUBLIC PIN"]}))
case("tapped-sbc", "an SBC and a web entry that are intercepted with the corporate CA", [
    Row("pinned: intercepted", {"demand": "fw.sip.tls"},
        {"reach_state": "intercepted", "tls_interception": "intercepted", "tls_verified": "trusted"}),
    Row("no pin: not known", {"demand": "fw.haproxy", "transport": "https"},
        {"reach_state": "open", "tls_interception": Missing("no issuer_pins"), "tls_verified": "trusted"}),
], site=site("integrated", sbc=only("tls", "tapped-corporate", issuer_pins=["PUBLIC PIN"]),
             haproxy={"address": "tapped-corporate.test"}))


# ---- push providers: HTTP/2 ----

case("http2", "push providers by HTTP/2", [
    Row("h2 is spoken", {"demand": "fw.fcm.provider", "host": "h2.test"},
        {"reach_state": "open", "http2_state": "spoken", "http_status": 403, "@tls_alpn": "h2"}),
    Row("only HTTP/1.1 is spoken", {"demand": "fw.fcm.provider", "host": "h1.test"},
        {"reach_state": "open", "http2_state": "refused"}),
    Row("h2 is chosen, and HTTP/1.1 spoken", {"demand": "fw.fcm.provider", "host": "h2-garbage.test"},
        {"reach_state": "open", "http2_state": "refused"}),
    Row("pings without end", {"demand": "fw.fcm.provider", "host": "h2-pings.test"},
        {"reach_state": "open", "http_status": Missing("")}),
    Row("headers without end", {"demand": "fw.fcm.provider", "host": "h2-continues.test"},
        {"reach_state": "open", "http_status": Missing("")}),
    Row("dropped", {"demand": "fw.fcm.provider", "host": "silent.test"},
        {"reach_state": "filtered", "http2_state": Missing("")}),
], site=site("voice", {"fcm_provider": [
    host + ".test" for host in ("h2", "h1", "h2-garbage", "h2-pings", "h2-continues", "silent")]}), vantage="sbc")


# ---- the web entry ----

def web(host, **more):
    return {"address": host + ".test", "websocket_path": "/uc/events", "hold_s": 1, **more}


def events(host, what, want):
    case("websocket-" + host, what, [Row(what, {"demand": "fw.haproxy", "transport": "wss"}, want)],
         site=site("uc", haproxy=web(host)), longest=4.5)


events("haproxy", "held idle behind HAProxy", {"websocket_state": "held", "websocket_held_s": Between(1, 1.5)})
events("ws-refused", "no upgrade: 403", {"websocket_state": "refused", "websocket_held_s": Missing("")})
events("ws-broken", "the accept key is wrong", {"websocket_state": "broken"})
events("ws-closed", "closed by the server", {"websocket_state": "closed", "websocket_held_s": Between(0.4, 0.9)})
events("ws-mute", "the connection is forgotten: no answer to the ping",
       {"websocket_state": "closed", "websocket_held_s": Missing("died unseen")})
events("ws-flood", "data without end",
       {"websocket_state": "closed", "@websocket_answer": Matching("more than 1048576 bytes")})
case("web", "HTTPS to HAProxy, and nothing on 8081", [
    Row("401 of the UC server", {"demand": "fw.haproxy", "transport": "https"},
        {"reach_state": "open", "http_status": 401, "tls_verified": "trusted", "@tls_alpn": "http/1.1"}),
    Row("8081 is closed", {"demand": "fw.http8081"}, {"reach_state": "closed"})],
    site=site("uc", haproxy=web("haproxy")), longest=4)
case("web-plain", "plain HTTP on 8081", [Row("8081 is open", {"demand": "fw.http8081"}, {"reach_state": "open"})],
     site=site("uc", haproxy=web("rewrite")), longest=4)
for host, what, word in (("haproxy", "401 comes through unchanged", "same"),
                         ("rewrite", "401 is rewritten to 403", "changed")):
    case("codes-" + host, what, [
        Row("both asked", {"demand": "fw.codes", "role": "uc"}, {"http_status": 401}),
        Row("both asked", {"demand": "fw.codes", "role": "haproxy"}, {"http_status": 401 if word == "same" else 403}),
        Row(what, {"demand": "fw.codes", "role": "haproxy and uc"}, {"http_status_kept": word}, families=(None,))],
        site=site("uc", haproxy=web(host), uc={"address": "uc.test"}), vantage="uc")
for name, bcom, word in (("same", {"address": "bcom.test", "soap_port": 8759}, "same"),
                         ("different", {"address": "good.test", "soap_port": 5223}, "different")):
    case("soap-" + name, f"SOAP over TLS; the issuer of OpenScape Voice and BCOM is {word}", [
        Row("SOAP is reached", {"demand": "fw.soap"}, {"reach_state": "open", "tls_verified": "trusted"}),
        Row("issuers", {"demand": "tls.soap", "role": "openscape_voice and bcom"}, {"tls_same_issuer": word},
            families=(None,))],
        site=site("integrated", openscape_voice={"address": "voice.test"}, bcom=bcom), vantage="uc")


# ---- the host: proxy, portal, tunnel, families ----

for path, what, word in (("/204", "204", "none"), ("/success", "the page that is expected", "none"),
                         ("/login", "a redirection to a portal", "captive"),
                         ("/page", "another page", "captive"), ("/511", "511", "captive"),
                         ("/404", "an answer that tells nothing", Missing("404"))):
    case("portal" + path.replace("/", "-"), what, [Row(what, {"role": "portal"}, {"net_portal": word})],
         site=site(portal_url="http://portal.test" + path))
LINK = {"@kind": "link", "demand": "net.proxy", "role": None}
case("host", "no proxy", [Row("none", LINK, {"net_proxy": "none", "@resolvers": Matching(re.escape(address4("dns")))},
                              families=(None,))], site=site())
case("proxy", "a proxy in the environment",
     [Row("configured", LINK, {"net_proxy": "configured", "@proxy": Matching("proxy.test")}, families=(None,))],
     site=site(), env={"https_proxy": "http://user:PROXYSECRET@proxy.test:3128"})
case("tunnel", "the route to the SBC leads into a VPN", [
    Row("tunnel", {"demand": "net.vpn", "host": "203.0.113.64"}, {"net_tunnel": "tunnel", "net_mtu_bytes": 1400},
        families=("ipv4",)),
    Row("no tunnel", {"demand": "net.vpn", "host": "responder.test"}, {"net_tunnel": "none", "net_mtu_bytes": 1500})],
    site=site(sbc={"address": "203.0.113.64", "transport": "tls"},
              responder={"address": "responder.test", "key_file": "reflect.key"}), space=lab.CLIENTS[0], longest=4)
case("no-ipv6", "this host has no IPv6", [
    Row("IPv4 is tried", {"demand": "fw.sip.tls"}, {"reach_state": "open"}, families=("ipv4",)),
    Row("IPv6 is not applicable", {"demand": "fw.sip.tls"},
        {"reach_state": Missing("no IPv6"), "@not_applicable": Matching("IPv6")}, families=("ipv6",))],
    site=site(sbc={"address": "sbc.test", "transport": "tls"}), space=lab.WITHOUT_IPV6)
case("no-ipv4", "this host has no IPv4", [
    Row("IPv6 is tried", {"demand": "fw.sip.tls"}, {"reach_state": "open"}, families=("ipv6",)),
    Row("IPv4 is not applicable", {"demand": "fw.sip.tls"},
        {"reach_state": Missing("no IPv4"), "@not_applicable": Matching("IPv4")}, families=("ipv4",))],
    site=site(sbc={"address": "sbc.test", "transport": "tls"}, resolvers=[address6("dns")]), space=lab.WITHOUT_IPV4)
for url, what in (("http://banner.test:7001/", "a banner without end"), ("http://quiet.test:5060/", "silence"),
                  ("http://silent.test/", "dropped")):
    case("portal-" + url.split("//")[1].split(".")[0], "portal_url: " + what,
         [Row(what, {"role": "portal"}, {"net_portal": Missing("")})],
         site=site(portal_url=url), longest=4.5)


# ---- DNS ----

def dns(host, kind, server, want, families=(None,)):
    return Row(f"{host} {kind} asked of {server}",
               {"demand": "dns", "host": host, "type": kind,
                **({"server": Matching(re.escape(server))} if server else {})},
               want, families=families)


SBC = only("tls", "sbc")
case("dns", "names, addresses and services", [
    dns("sbc.test", "A", address4("dns"), {"dns_state": "resolved", "dns_records": 1, "@answer": address4("sbc")}),
    dns("sbc.test", "AAAA", address4("dns"), {"dns_state": "resolved", "@answer": address6("sbc")}),
    dns("_sips._tcp.sbc.test", "SRV", address4("dns"),
        {"dns_state": "resolved", "@answer": Matching("10 50 5061 sbc.test")}),
    dns("_sip._tcp.sbc.test", "SRV", address4("dns"), {"dns_state": "no_such_name"}),
    dns("sbc.test", "NAPTR", address4("dns"), {"dns_state": "resolved", "dns_records": 2}),
    dns("missing.test", "A", address4("dns"), {"dns_state": "no_such_name"}),
    Row("a name that does not exist", {"demand": "fw.apns.device", "host": "missing.test", "port": 5223},
        {"reach_state": "unresolved"}, families=(None,)),
], site=site("voice", {"apns_device": ["missing.test"]}, sbc=SBC))
case("dns-system", "the system's DNS servers, one by IPv4 and one by IPv6", [
    dns("sbc.test", "A", address4("dns"), {"dns_state": "resolved"}),
    dns("sbc.test", "A", address6("dns"), {"dns_state": "resolved"}),
    Row("agreement", {"demand": "dns", "host": "sbc.test", "type": "A", "server": None}, {"dns_agreement": "same"},
        families=(None,)),
    Row("by name", {"demand": "tcp", "port": 5061}, {"reach_state": "open"})], args=("--tcp", "sbc.test:5061"))
case("dns-ipv6", "a DNS server by IPv6", [
    dns("sbc.test", "AAAA", address6("dns"), {"dns_state": "resolved", "@answer": address6("sbc")})],
    site=site(sbc=SBC, resolvers=[f"[{address6('dns')}]:53"]))
case("dns-differs", "two DNS servers that disagree", [
    Row("disagreement", {"demand": "dns", "host": "sbc.test", "type": "A", "server": None},
        {"dns_agreement": "differs"}, families=(None,)),
    Row("both addresses are tried", {"demand": "fw.sip.tls", "address": address4("sbc")}, {"reach_state": "open"},
        families=("ipv4",)),
    Row("both addresses are tried", {"demand": "fw.sip.tls", "address": address4("rewrite")}, {"reach_state": "closed"},
        families=("ipv4",)),
], site=site(sbc=SBC, resolvers=resolvers("dns", "dns-differs")))
case("dns-hijack", "one DNS server answers for names that do not exist", [
    dns("missing.test", "A", address4("dns"), {"dns_state": "no_such_name"}),
    dns("missing.test", "A", address4("dns-hijack"), {"dns_state": "resolved", "@answer": address4("portal")}),
    Row("disagreement", {"demand": "dns", "host": "missing.test", "type": "A", "server": None},
        {"dns_agreement": "differs"}, families=(None,)),
    Row("what the liar says is tried", {"demand": "fw.apns.device", "host": "missing.test", "port": 5223},
        {"reach_state": "closed"}),
], site=site("voice", {"apns_device": ["missing.test"]}, resolvers=resolvers("dns", "dns-hijack")))
case("dns-silent", "the second DNS server is silent", [
    dns("sbc.test", "A", address4("dns-silent"), {"dns_state": "silent", "dns_ms": Missing("")}),
    Row("agreement is not known", {"demand": "dns", "host": "sbc.test", "type": "A", "server": None},
        {"dns_agreement": Missing("did not answer")}, families=(None,)),
    Row("the other one's answer is used", {"demand": "fw.sip.tls"}, {"reach_state": "open"}),
], site=site(sbc=SBC, resolvers=resolvers("dns", "dns-silent")))
case("dns-none", "no DNS server answers, the name is unresolved", [
    Row("unresolved", {"demand": "fw.sip.tls"}, {"reach_state": "unresolved", "@detail": Matching("silent")},
        families=(None,))],
    site=site(sbc=SBC, resolvers=resolvers("dns-silent")))
case("dns-tcp", "answers that are whole over TCP only", [
    dns("overtcp.test", "A", address4("dns-hostile"), {"dns_state": "resolved", "@answer": address4("good")}),
    dns("overtcp.test", "AAAA", address4("dns-hostile"), {"dns_state": "resolved", "@answer": address6("good")})],
    site=site("voice", {"apns_device": ["overtcp.test"]}, resolvers=resolvers("dns-hostile")))
LIES = (
    ("othertype", "IPv6 addresses for A, and the reverse", "no_data"),
    ("mislength", "addresses of the wrong length", "malformed"),
    ("loop", "compression that loops", "malformed"),
    ("circle", "an alias of itself", "no_data"),
    ("servfail", "SERVFAIL", "server_failure"),
    ("refused", "REFUSED", "refused"),
    ("otherid", "another query's number", "silent"),
    ("othername", "another question", OneOf("silent", "malformed")),
    ("short", "five bytes", OneOf("silent", "malformed")),
    ("truncated", "truncated, and TCP drips", "silent"),
    ("counts", "65000 records are announced", "malformed"))
LIAR = address4("dns-hostile")
case("dns-lies", "a DNS server that lies",
     [dns(f"{name}.test", kind, LIAR, {"dns_state": state}) for name, _, state in LIES for kind in ("A", "AAAA")] + [
    Row(what, {"demand": "fw.apns.device", "host": f"{name}.test", "port": 5223}, {"reach_state": "unresolved"},
        families=(None,)) for name, what, _ in LIES] + [
    Row("0.0.0.0 and ::", {"demand": "fw.apns.device", "host": "nobody.test", "port": 5223},
        {"reach_state": "unresolved", "@detail": Matching("no host's")}),
    dns("many.test", "A", LIAR, {"dns_state": "resolved", "dns_records": 20})],
    site=site("voice", {"apns_device": [f"{name}.test" for name, _, _ in LIES] + ["nobody.test", "many.test"]},
              resolvers=[LIAR]))


# ---- hostile servers ----

NOT_TLS = (
    ("banner", "a banner without end", "does not speak TLS here"),
    ("drip", "a byte now and then", "not over after 2 s"),
    ("quiet", "silence", "not over after 2 s"),
    ("reset-accept", "RST at once", "reset"),
    ("reset-hello", "RST after the ClientHello", "reset during the TLS handshake"),
    ("reset-half", "half a ServerHello, and RST", "reset during the TLS handshake"),
    ("tls-half", "half a ServerHello, and FIN", "closed the connection before its ServerHello"),
    ("tls-garbage", "random bytes", "does not speak TLS here"),
    ("tls-alert", "an alert", r"alert 40 \(handshake_failure\)"))
case("hostile-tls", "servers that do not speak TLS as they should", [
    row for name, what, why in NOT_TLS for row in tls(name + ".test", what, {
        "tls_verified": Missing(why), "tls_protocol": Missing(why), "@detail": Matching(why)})],
    site=site("voice", {"apns_device": [name + ".test" for name, _, _ in NOT_TLS]}))
for name, what, why in (
        ("sip-giant", "a response of 20 MB", "longer than 64 KiB"),
        ("sip-flood", "a header without end", "longer than 64 KiB"),
        ("sip-drip", "a byte now and then", "bytes of a message came, and not its end"),
        ("sip-garbage", "HTTP", "not SIP: \"HTTP/1.1 400"),
        ("sip-stranger", "answers to somebody else", "answers other requests"),
        ("sip-half", "half a response, and RST", "reset"),
        ("banner", "a banner without end", "not SIP: \"220 welcome"),
        ("quiet", "silence", "no answer to OPTIONS within 2.0 s"),
        ("reset-accept", "RST at once", "reset"),
        ("reset-hello", "RST after the request", "reset")):
    case("hostile-" + name, "SIP over TCP: " + what, [
        sip("tcp", {"reach_state": "open", "sip_options_code": Missing(why), "sip_register_code": Missing("")},
            what=what)],
        site=site(sbc=only("tcp", name), account=ACCOUNT), longest=5)
for name, what in (("sip-giant", "20 datagrams of 60 kB"), ("sip-garbage", "no SIP")):
    case(f"hostile-udp-{name}", "SIP over UDP: " + what, [
        sip("udp", {"reach_state": "open", "sip_options_code": Missing("what came is not SIP")}, what=what)],
        site=site(sbc=only("udp", name), account=ACCOUNT))
for name, what, word in (
        ("http-flood", "headers without end", "broken"),
        ("http-drip", "a byte now and then", "broken"),
        ("http-garbage", "random bytes", "broken"),
        ("http-half", "half a head, and RST", "broken"),
        ("reset-request", "RST after the request", "refused")):
    case("hostile-" + name, "HTTPS: " + what, [
        Row(what, {"demand": "fw.haproxy", "transport": "https"},
            {"reach_state": "open", "tls_verified": "trusted", "http_status": Missing("")}),
        Row(what, {"demand": "fw.haproxy", "transport": "wss"}, {"reach_state": "open", "websocket_state": word})],
        site=site("uc", haproxy=web(name)), longest=4.5)


# ---- whole sites ----

WHOLE = {
    "sbc": {"address": "sbc.test", "transport": "mtls", "rtp_ports": [20000, 20003]}, "account": ACCOUNT,
    "client_certificate": {"file": "phone.pem"},
    "haproxy": web("haproxy"), "uc": {"address": "uc.test"}, "openscape_voice": {"address": "voice.test"},
    "bcom": {"address": "bcom.test", "soap_port": 8759},
    "responder": {"address": "responder.test", "key_file": "reflect.key"}, "portal_url": "http://portal.test/204"}
PUSH_SITE = {"mode": "integrated", "ca_file": "corporate.pem", **WHOLE}  # push services by their own names
case("whole-wifi", "an integrated site where all is well, seen by the phones", [
    sip("mtls", {**ANSWERS, **REGISTERED, "tls_client_certificate": "accepted"}, what="SIP"),
    Row("HTTPS", {"demand": "fw.haproxy", "transport": "https"}, {"reach_state": "open", "http_status": 401}),
    Row("WebSocket", {"demand": "fw.haproxy", "transport": "wss"}, {"websocket_state": "held"}),
    Row("8081", {"demand": "fw.http8081"}, {"reach_state": "closed"}),
    *[Row("APNs", {"demand": "fw.apns.device", "port": port},
          {"reach_state": "open", "tls_verified": "trusted"}) for port in (443, 5223)],
    *[Row("FCM", {"demand": "fw.fcm", "port": port},
          {"reach_state": "open", "tls_verified": "trusted"}) for port in (443, 5228, 5229, 5230)],
    *udp("media", OPEN, OPEN),
    Row("no portal", {"role": "portal"}, {"net_portal": "none"}),
    Row("belongs to the SBC", {"demand": "fw.fcm.provider"},
        {"reach_state": Missing("vantage sbc"), "@elsewhere": "sbc"}, families=(None,)),
    Row("belongs to the UC server", {"demand": "fw.soap"}, {"reach_state": Missing("vantage uc"), "@elsewhere": "uc"},
        families=(None,)),
], site=PUSH_SITE, timeout=3, longest=7)
case("whole-sbc", "the same seen by the SBC", [
    *[Row("APNs provider", {"demand": "fw.apns.provider", "host": host, "port": port, "transport": "h2"},
          {"http2_state": "spoken", "reach_state": "open"})
      for host in ("api.push.apple.com", "api.development.push.apple.com") for port in (443, 2197)],
    *[Row("Apple is silent on the old ports",
          {"demand": "fw.apns.provider", "host": "api.push.apple.com", "port": port},
          {"reach_state": "filtered", "@judged": "no"})
      for port in (2195, 2196)],
    *[Row("the firewall lets the old ports pass", {"demand": "fw.apns.provider", "role": "responder", "port": port},
          {"reach_state": "open", "@judged": "yes"})
      for port in (2195, 2196)],
    Row("FCM provider", {"demand": "fw.fcm.provider"}, {"http2_state": "spoken"}),
], site=PUSH_SITE, vantage="sbc", timeout=3)
case("whole-sbc-reject", "the old push ports are rejected for the SBC", [
    Row("rejected", {"demand": "fw.apns.provider", "role": "responder", "port": 2195},
        {"reach_state": "rejected", "@offender": ROUTER}),
    Row("open", {"demand": "fw.apns.provider", "role": "responder", "port": 2196}, {"reach_state": "open"})],
    site=site(responder={"address": "reject.test", "key_file": "reflect.key"}), vantage="sbc")
case("whole-sbc-drop", "the old push ports are dropped for the SBC", [
    Row("dropped", {"demand": "fw.apns.provider", "role": "responder", "port": 2195}, {"reach_state": "filtered"})],
    site=site(responder={"address": "out.test", "key_file": "reflect.key"}), vantage="sbc")
case("whole-sbc-proxy", "something answers on an old push port in the responder's place", [
    Row("the responder saw no connection", {"demand": "fw.apns.provider", "role": "responder", "port": 2195},
        {"reach_state": "intercepted"}),
    Row("open", {"demand": "fw.apns.provider", "role": "responder", "port": 2196}, {"reach_state": "open"})],
    site=site(responder={"address": "proxied.test", "key_file": "reflect.key"}), vantage="sbc")
case("whole-uc", "the same seen by the UC server", [
    Row("codes", {"demand": "fw.codes", "role": "haproxy and uc"}, {"http_status_kept": "same"}, families=(None,)),
    Row("SOAP", {"demand": "fw.soap"}, {"reach_state": "open"}),
    Row("issuer", {"demand": "tls.soap", "role": "openscape_voice and bcom"}, {"tls_same_issuer": "same"},
        families=(None,)),
], site=PUSH_SITE, vantage="uc", timeout=3)
SILENT_PUSH = {kind: ["silent.test"] for kind in ("apns_device", "apns_provider", "fcm_device", "fcm_provider")}
NOBODY = {"address": "silent.test"}
DROPPED = site("integrated", SILENT_PUSH, **{
    **WHOLE, "sbc": {**WHOLE["sbc"], **NOBODY}, "haproxy": web("silent"), "uc": NOBODY, "openscape_voice": NOBODY,
    "responder": {**WHOLE["responder"], **NOBODY}, "portal_url": "http://silent.test/204"})
dropped_rows = [
    *[sip(transport, {"reach_state": "filtered"}, what="SIP by " + transport) for transport in ("tcp", "tls", "mtls")],
    sip("udp", {"reach_state": Missing("may be open or filtered")}, what="SIP by UDP"),
    *[Row("web", {"demand": "fw.haproxy", "transport": transport},
          {"reach_state": "filtered"}) for transport in ("https", "wss")],
    Row("8081, and no other port answers", {"demand": "fw.http8081"}, {"reach_state": "filtered", "@answers": "no"}),
    *[Row("push", {"demand": demand, "port": port}, {"reach_state": "filtered"})
      for demand, port in (("fw.apns.device", 443), ("fw.apns.device", 5223), ("fw.fcm", 5228), ("fw.fcm", 5229),
                           ("fw.fcm", 5230), ("fw.fcm", 443))],
    *udp("no responder that is proven alive", *2 * [{"reach_state": Missing("responder did not answer")}])]
case("dropped", "a full integrated site where everything is dropped", dropped_rows, site=DROPPED, timeout=5, least=90)
case("dropped-dns", "the same, and DNS is dropped too", [
    sip("mtls", {"reach_state": "unresolved"}, what="SIP", families=(None,)),
    Row("web", {"demand": "fw.haproxy", "transport": "https"}, {"reach_state": "unresolved"}, families=(None,))],
    site={**DROPPED, "resolvers": resolvers("dns-silent")}, timeout=5)
