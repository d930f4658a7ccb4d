"""voready-reach: wrong words, servers that mean ill, DNS that lies, a stop, a full disk, secrets. All on loopback."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import threading
import time

from harness import BUILD, RULES, Skipped, case, need, observations, records

PROBE = "voready-reach"


@case("reach: usage")
def usage(bench):
    bench.run(PROBE).exits(2).says("no site file", "voready init")
    bench.run(PROBE, "none.json").exits(1, 2).says("none.json", "No such file")
    bench.run(PROBE, "--vantage", "lan", "none.json").exits(2).says("wifi, sbc, uc")
    bench.run(PROBE, "--timeout", "0", "none.json").exits(2).says("--timeout")
    for target in ("host", "host:0", "host:2-1", "::1:80", ""):
        bench.run(PROBE, "--tcp", target).exits(2).says("--tcp", "HOST:PORT")
    site(bench)
    bench.run(PROBE, "--tcp", "localhost:1", "site.json").exits(2).says("--tcp", "site.json")
    bench.run(PROBE, "site.json", "site.json").exits(2).says("one site file")
    bench.run(PROBE, "-o", "site.json", "site.json").exits(2).says("site.json")
    need(json.loads(bench.path("site.json").read_text())["name"] == "Lab", "the site file is as it was")


def site(bench, **more):
    """A site where nothing but what the case names can answer: its push services are no names of anybody."""
    nobody = ["127.0.0.77"]
    push = {"apns_device": nobody, "apns_provider": nobody, "fcm_device": nobody, "fcm_provider": nobody}
    bench.file("site.json", json.dumps({"name": "Lab", "mode": "voice", "push": push, "resolvers": ["127.0.0.1:1"], **more}))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(talk):
    """A TCP server whose `talk` gets each connection; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def one(connection):
        with connection, contextlib.suppress(OSError):
            talk(connection, stop)

    def serve():
        while not stop.is_set():
            with contextlib.suppress(OSError):
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def flood(connection, stop):
    while not stop.is_set():
        connection.sendall(b"\x16\x03\x03\x40\x00" + bytes(16384))


def banner(connection, stop):
    while not stop.is_set():
        connection.sendall(b"220 hello " * 1000)


def drip(connection, stop):
    for byte in b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(200):
        connection.sendall(bytes([byte]))
        if stop.wait(0.2):
            return


def mute(connection, stop):
    stop.wait(30)


def reset(connection, stop):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(connection, stop):
    pass


def sip_noise(connection, stop):
    while not stop.is_set():
        connection.sendall(b"SIP/2.0 200 OK\r\nVia: " + b"x" * 60000)


hostile = {"flood": flood, "banner": banner, "drip": drip, "mute": mute, "reset": reset, "close": close, "noise": sip_noise}


def hostile_case(name, talk):
    @case(f"reach: a server that does {name}, for each kind of check")
    def endure(bench):
        with server(talk) as port:
            everything = {"address": "127.0.0.1", "transport": "tls", "ports": {"udp": 0, "tcp": port, "tls": port, "mtls": port}}
            site(bench, mode="integrated", sbc=everything,
                 haproxy={"address": "127.0.0.1", "https_port": port, "http_port": port, "websocket_path": "/ws", "hold_s": 1},
                 push={"apns_device": ["127.0.0.1"], "apns_provider": ["127.0.0.1"], "fcm_device": ["127.0.0.1"], "fcm_provider": ["127.0.0.1"]},
                 portal_url=f"http://127.0.0.1:{port}/204")
            began = time.monotonic()
            bench.measured(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0).below(64)
            took = time.monotonic() - began
        need(took < 6, f"it took {took:.1f} s with a time-out of 1 s")
        found = records(bench.path("out.jsonl"), complete=True)
        tried = [o for o in observations(found, "target") if o["subject"].get("port") == port and "elsewhere" not in o["subject"]]
        need(len(tried) >= 7, f"only {len(tried)} checks of that server")
        for one in tried:
            need(one.get("states", {}).get("reach_state") == "open", f"{one['subject']['id']}: TCP was open: {one}")
            need("tls_verified" not in one.get("states", {}), "there was no certificate")


for kind, how in hostile.items():
    hostile_case(kind, how)


@contextlib.contextmanager
def dns(answer):
    """A DNS server; `answer` makes the bytes of a reply from a query."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                query, who = listener.recvfrom(4096)
                reply = answer(query)
                if reply:
                    listener.sendto(reply, who)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def reply_with(addresses):
    """Every A question has these addresses, any other has none."""
    def answer(query):
        end = query.index(b"\0", 12) + 5
        kind = struct.unpack(">H", query[end - 4:end - 2])[0]
        rows = [b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(a) for a in addresses] if kind == 1 else []
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(rows), 0, 0) + query[12:end] + b"".join(rows)
    return answer


def of_sbc(bench):
    found = records(bench.path("out.jsonl"), complete=True)
    return [o for o in observations(found, "target") if o["subject"].get("demand") == "path.sbc"]


@case("reach: DNS that lies")
def dns_lies(bench):
    port = free_port()
    sbc = {"address": "sbc.example.com", "transport": "tcp", "ports": {"tcp": port}}
    # Nobody's addresses: Linux would take 0.0.0.0 for this host, and find its own ports there.
    with dns(reply_with(["0.0.0.0", "224.0.0.1", "255.255.255.255"])) as where:
        site(bench, sbc=sbc, resolvers=[where])
        bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
        need({o["states"]["reach_state"] for o in of_sbc(bench)} == {"unresolved"}, "no host's address is not tried")
    for junk in (lambda query: b"", lambda query: query, lambda query: query[:2] + b"\xff" * 600, lambda query: os.urandom(80)):
        with dns(junk) as where:
            site(bench, sbc=sbc, resolvers=[where])
            bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json", patience=8).exits(0)
            need([o["states"]["reach_state"] for o in of_sbc(bench)] == ["unresolved"], "junk resolves nothing")


@case("reach: DNS servers that disagree")
def dns_differs(bench):
    port = free_port()
    with dns(reply_with(["127.0.0.1"])) as one, dns(reply_with(["127.0.0.2"])) as other:
        site(bench, sbc={"address": "sbc.example.com", "transport": "tcp", "ports": {"tcp": port}}, resolvers=[one, other])
        bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
        found = records(bench.path("out.jsonl"), complete=True)
        agreement = [o["states"].get("dns_agreement") for o in observations(found, "target") if o["subject"]["id"] == "sbc.example.com A"]
        need(agreement == ["differs"], f"they differ: {agreement}")
        need({o["subject"]["address"] for o in of_sbc(bench)} == {"127.0.0.1", "127.0.0.2"}, "each address is tried")


@case("reach: DNS servers that this host cannot ask")
def dns_not_asked(bench):
    # Linux sends nothing to a broadcast address; the same as where there is no route.
    site(bench, sbc={"address": "sbc.example.com", "transport": "tcp"}, resolvers=["255.255.255.255"])
    bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
    found = observations(records(bench.path("out.jsonl"), complete=True), "target")
    asked = [o for o in found if o["subject"]["demand"] == "dns" and "server" in o["subject"]]
    need(asked and all("255.255.255.255" in o["missing"]["dns_state"] for o in asked), "nobody was silent")
    need(["255.255.255.255" in o["missing"]["reach_state"] for o in of_sbc(bench)] == [True], "nor is the name unresolved")
    verdict = judge(bench)
    need(verdict["path.sbc"] == ["not_measured"], f"a phone may well reach it: {verdict['path.sbc']}")


def judge(bench, mode="voice"):
    """The statuses by rule."""
    bench.run("voready-analyze", "--rules", RULES, "--profile", mode, "--area", "reach,net,tls,sip", "-o", "verdict.json",
              "out.jsonl").exits(0, 3, 4, 5)
    found = {}
    for result in json.loads(bench.path("verdict.json").read_text())["results"]:
        found.setdefault(result["rule"], []).append(result["status"])
    return found


def reply_with_service(target, port):
    """Each SRV question has this answer, and each A question 127.0.0.1."""
    def answer(query):
        end = query.index(b"\0", 12) + 5
        kind = struct.unpack(">H", query[end - 4:end - 2])[0]
        name = b"".join(bytes([len(part)]) + part.encode() for part in target.split(".")) + b"\0"
        data = {33: struct.pack(">HHH", 10, 10, port) + name, 1: bytes([127, 0, 0, 1])}.get(kind)
        row = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data if data else b""
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1 if data else 0, 0, 0) + query[12:end] + row
    return answer


@case("reach: SRV records that lead elsewhere")
def services(bench):
    for target, port, word in (("sbc.example.com", 5061, "same"), ("SBC.example.com", 15161, "same"),
                               ("sbc.example.com", 5060, "differs"), ("sbc2.example.com", 5061, "differs")):
        with dns(reply_with_service(target, port)) as where:
            site(bench, resolvers=[where], sbc={"address": "sbc.example.com", "transport": "tls", "ports": {"tls": 5061, "mtls": 15161}})
            bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
        words = [o["states"]["dns_srv"] for o in observations(records(bench.path("out.jsonl"), complete=True), "target")
                 if "dns_srv" in o.get("states", {})]
        need(words == [word], f"{target}:{port}: {words}, for the site's transport only")
        need(judge(bench)["net.dns.srv"] == ["pass" if word == "same" else "warn"], f"{word} is judged")
    with dns(reply_with(["127.0.0.1"])) as where:
        site(bench, resolvers=[where], sbc={"address": "sbc.example.com", "transport": "tls"})
        bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
    need(judge(bench)["net.dns.srv"] == ["pass"], "without SRV records the port of the site file counts")


@case("reach: what the site file has not, and what it does not want")
def lacks(bench):
    bench.file("site.json", json.dumps({"name": "Lab", "mode": "integrated", "resolvers": ["127.0.0.1:1"],
                                        "push": {key: [] for key in ("apns_device", "apns_provider", "fcm_device", "fcm_provider")}}))
    bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
    verdict = judge(bench, "integrated")
    for rule in ("fw.apns.device", "fw.apns.5223", "fw.fcm", "net.internet"):
        need(verdict[rule] == ["not_applicable"], f"{rule}: no phones of that kind: {verdict[rule]}")
    for rule in ("path.sbc", "fw.sip", "fw.haproxy", "fw.haproxy.websocket", "fw.http8081", "net.portal", "net.nat", "tls.client"):
        need(set(verdict[rule]) == {"not_measured"}, f"{rule}: {verdict[rule]}")
    text = bench.path("verdict.json").read_text()
    need("the records have no target with demand fw" not in text, "each says what the site file lacks")
    need("the site file has no portal_url" in text and "the site file has no haproxy" in text, "by name")


@case("reach: plain HTTP on 8081")
def plain(bench):
    with server(mute) as port:
        for http, status in ((port, "fail"), (free_port(), "pass")):
            site(bench, mode="uc", haproxy={"address": "127.0.0.1", "https_port": port, "http_port": http})
            bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0)
            need(judge(bench, "uc")["fw.http8081"] == [status], f"{status}: {judge(bench, 'uc')['fw.http8081']}")


@case("reach: SIGINT and SIGTERM")
def interrupted(bench):
    with server(mute) as port:
        site(bench, sbc={"address": "127.0.0.1", "transport": "tls", "ports": {"tls": port}})
        for number in (signal.SIGINT, signal.SIGTERM):
            running = bench.start(PROBE, "--timeout", "60", "-o", "out.jsonl", "site.json")
            time.sleep(0.7)
            running.signal(number)
            running.end(3).sane().exits(5).says("done in part")
            found = records(bench.path("out.jsonl"), complete=False)
            cut = [o for o in observations(found, "target") if o["subject"]["demand"] == "fw.sip.tls"]
            need(len(cut) == 1 and "stopped" in cut[0]["missing"]["tls_verified"], "what was not over says so")


@case("reach: an interface that goes away")
def ground_moves(bench):
    if os.geteuid() != 0:
        raise Skipped("network namespaces need root")
    site(bench, sbc={"address": "192.0.2.10", "transport": "tcp"})
    script = """ip link set lo up && ip link add one type veth peer name two && ip addr add 192.0.2.1/24 dev one &&
        ip link set one up && ip link set two up && ip neigh add 192.0.2.10 lladdr 02:00:00:00:00:01 dev one || exit 77
        "$@" & sleep 0.5; ip link del one; wait $!"""
    result = bench.run("unshare", "--net", "sh", "-c", script, "sh", BUILD / PROBE, "--timeout", "2", "-o", "out.jsonl", "site.json")
    if result.code == 77:
        raise Skipped("no network of its own to be had")
    result.exits(5).says("done in part", "interface one lost its link")
    records(bench.path("out.jsonl"), complete=False)
    need(judge(bench)["path.sbc"] == ["not_measured"], "silence after that is not the firewall's")


@case("reach: full disk and closed pipe")
def full(bench):
    bench.run(PROBE, "-o", "/dev/full", "--tcp", "localhost:1").exits(1).says("No space left")
    bench.run(PROBE, "-o", "none/out", "--tcp", "localhost:1").exits(1).says("none/out")
    with open("/dev/full", "wb") as nowhere:
        bench.run(PROBE, "--tcp", "localhost:1", stdout=nowhere).exits(1).says("No space left")


@case("reach: few file descriptors")
def few_files(bench):
    import resource
    first = 30000
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
    bench.run(PROBE, "-o", "out.jsonl", "--tcp", f"127.0.0.1:{first}-{first + 199}", preexec_fn=few).exits(0)
    found = observations(records(bench.path("out.jsonl"), complete=True), "target")
    need(len(found) == 200 and all("reach_state" in o.get("states", {}) for o in found), "all are tried, some later")


@case("reach: secrets stay where they are")
def secrets(bench):
    secret = "s3cr3t-5af1"
    for name in ("sip.password", "responder.key"):
        bench.file(name, secret * 3 + "\n").chmod(0o600)
    with server(mute) as port:
        site(bench, sbc={"address": "127.0.0.1", "transport": "tcp", "ports": {"udp": 0, "tcp": port}},
             account={"user": "+49891", "password_file": "sip.password"},
             responder={"address": "127.0.0.1", "port": port, "key_file": "responder.key"})
        running = bench.start(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json",
                              env={**os.environ, "https_proxy": f"http://me:{secret}@127.0.0.1:9/"})
        time.sleep(0.3)
        words = pathlib.Path(f"/proc/{running.process.pid}/cmdline").read_bytes()
        result = running.end().sane().exits(0)
    need(secret.encode() not in words, "not in the process list")
    need(secret not in bench.path("out.jsonl").read_text() + result.err, "not in the records")
    need("https_proxy=http://127.0.0.1:9/" in bench.path("out.jsonl").read_text(), "the proxy itself is told")
    bench.path("sip.password").chmod(0o644)
    bench.run(PROBE, "--timeout", "1", "-o", "out.jsonl", "site.json").exits(0, 2)
    need(secret not in bench.path("out.jsonl").read_text(), "not in the records")


@case("reach: what it prints")
def prints(bench):
    with server(mute) as port:
        bench.run(PROBE, "--tcp", f"localhost:{port}").exits(0).silent().prints("open", f"localhost 127.0.0.1:{port}/tcp")
    site(bench)
    bench.run(PROBE, "--timeout", "1", "site.json").exits(0).prints("Apple's push service", "closed", "This host", "belong elsewhere")
