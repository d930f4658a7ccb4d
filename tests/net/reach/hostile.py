#!/usr/bin/env python3
"""Servers that misbehave, each on an address of its own, and the small ones that behave (WebSocket, silence).

    hostile.py FOLDER       FOLDER holds hostile.pem
"""
import asyncio
import base64
import hashlib
import os
import pathlib
import socket
import ssl
import struct
import sys

import lab

CHUNK = 16384
WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def reset(writer):
    """Ends the connection with RST."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def pour(writer, data):
    while not writer.transport.is_closing():
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0)  # drain() alone lets nobody else run while the peer takes all


async def drip(writer, data, pause=0.1):
    """A byte at a time; after the last one silence."""
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(pause)
    await quiet(None, writer)


async def quiet(reader, writer):
    await asyncio.sleep(3600)


# TLS, or what should be

async def banner(reader, writer):
    await pour(writer, b"220 welcome to this server " * 600)


async def drip_tls(reader, writer):
    await drip(writer, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(16384))


async def reset_accept(reader, writer):
    reset(writer)


async def reset_hello(reader, writer):
    await reader.read(CHUNK)
    reset(writer)


async def tls_garbage(reader, writer):
    await reader.read(CHUNK)
    writer.write(os.urandom(4096))
    await quiet(reader, writer)


async def tls_alert(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal, handshake_failure
    await writer.drain()
    writer.close()


async def tls_half(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + os.urandom(40))
    await writer.drain()
    writer.close()


async def reset_half(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + os.urandom(40))
    await writer.drain()
    await asyncio.sleep(0.1)
    reset(writer)


# SIP over TCP

async def sip_head(reader):
    """The next request's headers."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)


def sip_answer(headers, more="", **changed):
    headers = {**headers, **changed}
    copied = "".join(f"{name}: {headers[name]}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
    return ("SIP/2.0 200 OK\r\n" + copied + more + "\r\n").encode()


async def sip_giant(reader, writer):
    writer.write(sip_answer(await sip_head(reader), "Content-Length: 20000000\r\n"))
    await pour(writer, b"v" * CHUNK)


async def sip_flood(reader, writer):
    writer.write(b"SIP/2.0 200 OK\r\nSubject: ")
    await pour(writer, b"a" * CHUNK)


async def sip_drip(reader, writer):
    await drip(writer, sip_answer(await sip_head(reader), "Content-Length: 0\r\n"))


async def sip_half(reader, writer):
    writer.write(sip_answer(await sip_head(reader))[:100])
    await writer.drain()
    await asyncio.sleep(0.1)
    reset(writer)


async def sip_garbage(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await quiet(reader, writer)


async def sip_stranger(reader, writer):
    while True:
        headers = await sip_head(reader)
        writer.write(sip_answer(headers, "Content-Length: 0\r\n", **{"Call-ID": "somebody-else"}))


# HTTP and WebSocket, over TLS

async def reset_request(reader, writer):
    await reader.read(CHUNK)
    reset(writer)


async def http_flood(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await pour(writer, b"X-Header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 300)


async def http_drip(reader, writer):
    await reader.read(CHUNK)
    await drip(writer, b"HTTP/1.1 200 OK\r\nServer: slow\r\n\r\n", 0.3)


async def http_half(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"HTTP/1.1 200 OK\r\nServer: ha")
    await writer.drain()
    await asyncio.sleep(0.1)
    reset(writer)


async def http_garbage(reader, writer):
    await reader.read(CHUNK)
    writer.write(os.urandom(2000))
    await quiet(reader, writer)


async def upgrade(reader, writer, right=True):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n"))}
    key = headers["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(key + (WEBSOCKET if right else b"wrong")).digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    await writer.drain()


async def ws_echo(reader, writer):
    """Answers pings and is otherwise idle, as a server of events is."""
    await upgrade(reader, writer)
    while True:
        first, second = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await reader.readexactly(second & 0x7f)))
        writer.write(bytes([0x8a if first & 15 == 9 else first, len(payload)]) + payload)
        if first & 15 == 8:
            writer.close()
            return


async def ws_refused(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    await quiet(reader, writer)


async def ws_broken(reader, writer):
    await upgrade(reader, writer, right=False)
    await quiet(reader, writer)


async def ws_closed(reader, writer):
    await upgrade(reader, writer)
    await asyncio.sleep(0.5)
    writer.write(b"\x88\x02\x03\xe9")  # going away
    await quiet(reader, writer)


async def ws_mute(reader, writer):
    await upgrade(reader, writer)
    await quiet(reader, writer)


async def ws_flood(reader, writer):
    await upgrade(reader, writer)
    await pour(writer, (b"\x82\x7e\x3f\xfc" + bytes(16380)))


async def h2_garbage(reader, writer):
    await reader.read(CHUNK)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await quiet(reader, writer)


def frame(kind, stream=0, payload=b"", flags=0):
    """HTTP/2 (RFC 9113 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


async def h2_pings(reader, writer):
    writer.write(frame(4))
    await pour(writer, frame(6, payload=b"pingpong") * 100)


async def h2_continues(reader, writer):
    """Headers that do not end."""
    await reader.read(CHUNK)
    writer.write(frame(4) + frame(1, 1, b"\x88"))
    await pour(writer, frame(9, 1, b"\x00\x01a\x7f\x81\x7e" + b"b" * 16000))


# name: what it does, on which ports, whether over TLS
SERVERS = {
    "banner": (banner, (443, 5223, 5060, 7001), False), "drip": (drip_tls, (443, 5223), False),
    "quiet": (quiet, (443, 5223, 5060, 8621), False), "reset-accept": (reset_accept, (443, 5223, 5060, 8443), False),
    "reset-hello": (reset_hello, (443, 5223, 5060, 8443), False), "reset-request": (reset_request, (8443,), True),
    "tls-garbage": (tls_garbage, (443, 5223), False), "tls-alert": (tls_alert, (443, 5223), False),
    "tls-half": (tls_half, (443, 5223), False), "reset-half": (reset_half, (443, 5223), False),
    "sip-half": (sip_half, (5060,), False), "http-half": (http_half, (8443,), True),
    "sip-giant": (sip_giant, (5060,), False), "sip-flood": (sip_flood, (5060,), False),
    "sip-drip": (sip_drip, (5060,), False),
    "sip-garbage": (sip_garbage, (5060,), False), "sip-stranger": (sip_stranger, (5060,), False),
    "http-flood": (http_flood, (8443,), True), "http-drip": (http_drip, (8443,), True),
    "http-garbage": (http_garbage, (8443,), True),
    "ws-refused": (ws_refused, (8443,), True), "ws-broken": (ws_broken, (8443,), True),
    "ws-closed": (ws_closed, (8443,), True),
    "ws-mute": (ws_mute, (8443,), True), "ws-flood": (ws_flood, (8443,), True),
    "h2-garbage": (h2_garbage, (443,), True),
    "h2-pings": (h2_pings, (443,), True), "h2-continues": (h2_continues, (443,), True),
}


# DNS that lies; what it does is the first label of the name

def name_of(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return labels, at + 1


def record(kind, data, name=b"\xc0\x0c", ttl=60):
    return name + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


FOUR, SIX = socket.inet_aton(lab.address4("good")), socket.inet_pton(socket.AF_INET6, lab.address6("good"))


def lie(query, over_tcp):
    labels, end = name_of(query)
    what, kind = labels[0], struct.unpack(">H", query[end:end + 2])[0]
    question, flags, answers = query[12:end + 4], 0x8580, []
    number = query[:2]
    right = {1: [record(1, FOUR)], 28: [record(28, SIX)]}.get(kind, [])
    if what == "othertype":
        answers = {1: [record(28, SIX)], 28: [record(1, FOUR)]}.get(kind, [])
    elif what == "mislength":
        answers = {1: [record(1, SIX)], 28: [record(28, FOUR)]}.get(kind, [])
    elif what == "loop":
        answers = [record(kind, FOUR, name=b"\xc0" + bytes([12 + len(question)]))]
    elif what == "circle":
        answers = [record(5, b"\xc0\x0c")]
    elif what == "many":
        answers = [record(1, bytes([198, 51, 100, 60])) for _ in range(20)] if kind == 1 else right
    elif what == "nobody":
        answers = {1: [record(1, bytes(4))], 28: [record(28, bytes(16))]}.get(kind, [])
    elif what == "servfail":
        flags |= 2
    elif what == "refused":
        flags |= 5
    elif what == "otherid":
        number, answers = bytes([query[0] ^ 255, query[1]]), right
    elif what == "othername":
        question, answers = b"\x05other\x04test\x00" + question[-4:], right
    elif what == "short":
        return query[:5]
    elif what in ("truncated", "overtcp") and not over_tcp:
        flags |= 0x0200
    else:
        answers = right
    count = len(answers) + (65000 if what == "counts" else 0)
    return number + struct.pack(">HHHHH", flags, 1, count, 0, 0) + question + b"".join(answers)


class Liar(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(lie(data, False), peer)


async def lie_tcp(reader, writer):
    """After a truncated answer: the whole one, or a length, and then a byte now and then."""
    while True:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        if name_of(query)[0][0] != "overtcp":
            await drip(writer, b"\xff\xff" + bytes(65535))
        answer = lie(query, True)
        writer.write(len(answer).to_bytes(2, "big") + answer)


class Babbler(asyncio.DatagramProtocol):
    """SIP over UDP: what is no SIP, and a large datagram."""

    def __init__(self, answer):
        self.answer = answer

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        for _ in range(20):
            self.transport.sendto(self.answer, peer)


def guarded(serve):
    async def handle(reader, writer):
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            pass
        finally:
            writer.transport.abort()
    return handle


def tls_context(folder, *alpn):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "hostile.pem")
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


async def serve_small(_):
    """Those that behave, and the ports behind the firewall."""
    await asyncio.start_server(guarded(quiet), "127.0.0.1", 9100)
    await asyncio.start_server(guarded(ws_echo), "127.0.0.1", 9200)
    for of in (lab.address4, lab.address6):
        await asyncio.start_server(guarded(quiet),
                                   {lab.address4: lab.OUTSIDE4, lab.address6: lab.OUTSIDE6}[of].format(2), 9003)
        for port in set(lab.FIREWALL) - {7002}:
            await asyncio.start_server(guarded({7016: reset_accept}.get(port, quiet)), of("firewall"), port)


async def serve_dns(_):
    loop = asyncio.get_running_loop()
    for of in (lab.address4, lab.address6):
        await loop.create_datagram_endpoint(Liar, local_addr=(of("dns-hostile"), 53))
        await asyncio.start_server(guarded(lie_tcp), of("dns-hostile"), 53)


async def serve_udp(_):
    loop = asyncio.get_running_loop()
    for of in (lab.address4, lab.address6):
        for name, answer in (("sip-garbage", b"\x00\xff" * 20), ("sip-giant", b"\x00\xff" * 30000)):
            await loop.create_datagram_endpoint(lambda answer=answer: Babbler(answer), local_addr=(of(name), 5060))


async def serve_tcp(folder):
    context, h2 = tls_context(folder), tls_context(folder, "h2")
    for of in (lab.address4, lab.address6):
        for name, (serve, ports, secure) in SERVERS.items():
            for port in ports:
                await asyncio.start_server(guarded(serve), of(name), port,
                                           ssl=(h2 if name.startswith("h2") else context) if secure else None)


async def run(serve, folder, ready):
    await serve(folder)
    os.write(ready, b".")
    await asyncio.sleep(3600)


def main(folder):
    """A process for each kind: one that is busy does not hold up the others."""
    listening, ready = os.pipe()
    kinds = (serve_small, serve_dns, serve_udp, serve_tcp)
    for serve in kinds:
        if os.fork() == 0:
            asyncio.run(run(serve, folder, ready))
            return
    os.close(ready)
    if sum(len(os.read(listening, 1)) for _ in kinds) == len(kinds):
        end = socket.create_server((lab.address6("tls-half"), 7099),
                                   family=socket.AF_INET6)  # who waits for it knows that all listen
        os.wait()
        end.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
