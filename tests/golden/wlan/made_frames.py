"""Captures of MAC frames: every type and subtype with every flag, every shape of data, what snap lengths leave of them, and link types."""
import random
import struct

from wire import *

MANAGEMENT, CONTROL, DATA, EXTENSION = range(4)
TO_DS, FROM_DS, MORE_FRAGMENTS, RETRY, POWER, MORE_DATA, PROTECTED, ORDER = (1 << i for i in range(8))
RADIO = {FLAGS: bytes([FCS_AT_END]), RATE: b'\x0c', CHANNEL: channel(5180), SIGNAL: dbm(-52), ANTENNA: b'\0'}
STATION, AP, THIRD, FOURTH = (bytes.fromhex(a) for a in ('020000000201', '020000000101', '020000000301', '020000000401'))
BROADCAST, GROUP = b'\xff' * 6, bytes.fromhex('01005e000001')


def control(kind, subtype, flags):
    return bytes([kind << 2 | subtype << 4, flags])


def elements(*pairs):
    return b''.join(bytes([number, len(data)]) + data for number, data in pairs)


SOME = elements((0, b'office'), (1, bytes.fromhex('8c129824b048606c')), (3, b'\x24'), (48, bytes.fromhex('0100000fac040100000fac040100000fac018000')))
FIXED = {0: struct.pack('<HH', 0x1111, 10), 1: struct.pack('<HHH', 0x1111, 0, 0xc005), 2: struct.pack('<HH', 0x1111, 10) + AP,
         3: struct.pack('<HHH', 0x1111, 17, 0xc006), 4: b'', 5: struct.pack('<QHH', 1 << 40 | 77, 100, 0x511), 6: struct.pack('<QH', 99, 0x11),
         8: struct.pack('<QHH', 1 << 40 | 78, 100, 0x511), 9: b'', 10: struct.pack('<H', 8), 11: struct.pack('<HHH', 0, 1, 0),
         12: struct.pack('<H', 7), 13: bytes([4, 9, 1]), 14: bytes([21, 0, 0])}


def management(rng, subtype, flags):
    receiver = BROADCAST if subtype in (4, 6, 8) else STATION if rng.random() < 0.8 else GROUP
    head = control(MANAGEMENT, subtype, flags) + struct.pack('<H', rng.randrange(0x8000)) + receiver + AP + AP
    head += struct.pack('<H', rng.randrange(65536) & 0xfff0)
    body = FIXED.get(subtype, b'') + (SOME if subtype in (0, 1, 2, 3, 4, 5, 8) else b'')
    return head + (struct.pack('<I', 0x3) if flags & ORDER else b'') + body


def block_ack(kind, starts, tid=5):
    """Control field and what follows it, by its type (9.3.1.8): basic, compressed, extended compressed, multi-TID, GCR."""
    out = struct.pack('<H', kind << 1 | (tid if kind != 3 else len(starts) - 1) << 12)
    for i, (sequence, size) in enumerate(starts):
        fragment = {8: 0, 16: 2, 32: 4, 4: 6, 64: 8, 128: 10}.get(size, 0)
        out += struct.pack('<H', i << 12) if kind == 3 else b''
        out += struct.pack('<H', sequence << 4 | fragment) + (GROUP if kind == 6 else b'') + bytes((37 * i + n) & 255 for n in range(size))
    return out


def multi_station(parts):
    """Multi-STA BlockAck (802.11ax 9.3.1.8.6): (AID, TID, sequence and size of the bitmap, or None: acknowledged whole)."""
    out = struct.pack('<H', 11 << 1)
    for aid, tid, start in parts:
        out += struct.pack('<H', aid | tid << 12 | (0x800 if start is None else 0))
        if start:
            out += struct.pack('<H', start[0] << 4 | {8: 0, 16: 2, 32: 4, 4: 6}[start[1]]) + bytes(range(start[1]))
        elif start is None and aid == 2045:
            out += bytes(4) + STATION
    return out


BLOCK_ACKS = [block_ack(0, [(100, 128)]), block_ack(2, [(4090, 8)]), block_ack(2, [(7, 32)]), block_ack(1, [(8, 8)]),
              block_ack(3, [(10, 8), (20, 8), (30, 8)]), block_ack(6, [(9, 8)]), multi_station([(1, 6, (5, 8)), (2, 0, None), (3, 1, (6, 32))]),
              multi_station([(2045, 15, None), (4, 14, None)])]
REQUESTS = [struct.pack('<HH', 0x5004, 1600), struct.pack('<HH', 0x5000, 1600), struct.pack('<HHHHH', 0x1006, 0x1000, 16, 0x2000, 32),
            struct.pack('<HH', 0x5002, 16), struct.pack('<HH', 0x500c, 16) + GROUP]
# Trigger frames (9.3.1.22): common information of eight bytes, then users of five (basic) or more; padding begins with AID 4095
TRIGGER = bytes.fromhex('002028000000c001') + bytes.fromhex('0120864060') + b'\x00' + b'\xff' * 4
ANNOUNCEMENTS = [b'\x04' + bytes.fromhex('0110'), b'\x06' + bytes.fromhex('01000800')]  # VHT; HE


def controls(rng, subtype, flags):
    head = control(CONTROL, subtype, flags) + struct.pack('<H', 0xc001 if subtype == 10 else rng.randrange(0x8000))
    both = head + (AP + STATION if subtype in (8, 10, 11) else STATION + AP)
    if subtype == 2:
        yield both + TRIGGER
    elif subtype == 3:
        yield both + bytes(9)
    elif subtype in (4, 10, 11, 14, 15):
        yield both + (b'\x0f' if subtype == 4 else b'')
    elif subtype == 5:
        yield from (both + body for body in ANNOUNCEMENTS)
    elif subtype == 7:
        yield head + STATION + control(CONTROL, 13, 0) + struct.pack('<I', 0x80000003)
    elif subtype == 8:
        yield from (both + body for body in REQUESTS)
    elif subtype == 9:
        yield from (both + body for body in BLOCK_ACKS)
    elif subtype in (12, 13):
        yield head + STATION
    elif subtype == 6:  # the extension is told by the flags' lower half: poll, SPR, grant, DMG CTS, DTS, grant ack, SSW, feedback, ack
        extension = flags & 15
        length = {2: 2, 3: 7, 4: 7, 5: 0, 7: 12, 8: 10, 9: 8, 10: 8}.get(extension)
        yield head + STATION + (AP if length is not None else b'') + bytes(length or (12 if extension == 6 else 8))
    else:
        yield both + bytes(8)


def data(rng, subtype, flags, qos=None, body=None, sequence=None, receiver=None):
    ds = flags & (TO_DS | FROM_DS)
    group = GROUP if rng.random() < 0.15 else None
    if ds == TO_DS:
        addresses = AP + STATION + (group or THIRD)
    elif ds == FROM_DS:
        addresses = (receiver or group or STATION) + AP + THIRD
    else:
        addresses = (group or STATION) + AP + (THIRD if ds else AP)
    head = control(DATA, subtype, flags) + struct.pack('<H', rng.randrange(0x8000)) + addresses
    head += struct.pack('<H', rng.randrange(65536) & (0xffff if flags & MORE_FRAGMENTS else 0xfff0) if sequence is None else sequence)
    head += FOURTH if ds == TO_DS | FROM_DS else b''
    if subtype & 8:
        qos = rng.randrange(16) | rng.choice((0, 0x10, 0x20, 0x40, 0x60)) if qos is None else qos
        head += struct.pack('<H', qos) + (struct.pack('<I', rng.choice((0x3, 0x1, 0x0))) if flags & ORDER else b'')
    if body is None:
        body = b'' if subtype & 4 else cipher(rng) if flags & PROTECTED else SNAP + b'\x88\xb5' + bytes(rng.randrange(40))
    return head + body


def cipher(rng):
    """Encrypted bodies by their headers: WEP, TKIP, CCMP (GCMP has the same)."""
    number, key = rng.getrandbits(48), rng.randrange(4)
    low, high = struct.pack('<H', number & 0xffff), struct.pack('<I', number >> 16)
    head = rng.choice((low + b'\1' + bytes([key << 6]), bytes([low[1], (low[1] | 0x20) & 0x7f, low[0], key << 6 | 0x20]) + high,
                       low + b'\0' + bytes([key << 6 | 0x20]) + high))
    return head + bytes(rng.randrange(256) for _ in range(rng.randrange(12, 60)))


def every_kind():
    """Type and subtype with every flag alone and some together."""
    rng = random.Random(20)
    for kind in range(4):
        for subtype in range(16):
            sets = [0, TO_DS, FROM_DS, TO_DS | FROM_DS] + [1 << i for i in range(2, 8)] + [rng.randrange(256) for _ in range(6)]
            if kind == CONTROL and subtype == 6:
                sets = [*range(2, 11), *(0x10 | n for n in range(2, 11))]
            for flags in sets:
                if kind == MANAGEMENT:
                    yield management(rng, subtype, flags & ~3)
                elif kind == CONTROL:
                    yield from controls(rng, subtype, flags & (0xff if subtype == 6 else 0xf8))
                elif kind == DATA:
                    yield data(rng, subtype, flags)
                elif subtype == 0:  # DMG beacon: timestamp, sector sweep, interval, control, parameters, elements
                    yield control(EXTENSION, 0, flags & 0xf8) + struct.pack('<H', 0) + AP + bytes(8 + 3 + 2 + 6 + 1) + elements((0, b'wigig'))
                elif subtype == 1:  # S1G beacon, of an AP of its own, which tshark remembers. The flags are others: optional parts
                    optional = bytes((3 if flags & 1 else 0) + (4 if flags & 2 else 0) + (1 if flags & 4 else 0))
                    yield control(EXTENSION, 1, flags) + struct.pack('<H', 0) + FOURTH + bytes(4 + 1) + optional + elements((0, b'halow'))


def common_kinds():
    """Without those that tshark 4.0 reads otherwise: they are compared in one capture alone."""
    for frame in every_kind():
        kind, subtype = frame[0] >> 2 & 3, frame[0] >> 4
        if kind != EXTENSION and (kind, subtype) not in {(0, 6), (1, 0), (1, 1), (1, 6), (1, 14), (1, 15)}:
            yield frame


def msdu(destination, source, body):
    return destination + source + struct.pack('>H', len(body)) + body


def shapes():
    """Data with A-MSDUs, mesh control, ciphers, fragments; sequence numbers that wrap."""
    rng = random.Random(21)
    inner = [SNAP + b'\x88\xb5' + bytes(n) for n in (1, 2, 3, 4, 30)]
    for flags in (0, TO_DS, FROM_DS, TO_DS | FROM_DS):
        for count in range(1, 6):
            parts = [msdu(THIRD, FOURTH, body) for body in inner[:count]]
            body = b''.join(part + bytes(-len(part) % 4) for part in parts[:-1]) + parts[-1]
            for more in (0, ORDER, RETRY, PROTECTED):
                yield data(rng, 8, flags | more, 0x80 | 5, body)
        for subtype in (9, 10, 11, 12, 14, 15):
            yield data(rng, subtype, flags, 0x80 | 3, b'' if subtype & 4 else SNAP + b'\x88\xb5')
    for extension, size in ((0, 6), (1, 12), (2, 18)):  # mesh control (9.2.4.7.3): flags, time to live, sequence, addresses
        body = bytes([extension, 31]) + bytes(4) + (THIRD + FOURTH)[:size - 6] + SNAP + b'\x88\xb5mesh'
        yield data(rng, 8, TO_DS | FROM_DS, 0x0100 | 6, body)
        yield data(rng, 8, FROM_DS, 0x0100 | 6, body, receiver=GROUP)
    for number in range(4090, 4102):
        for fragment in range(3):
            yield data(rng, 8, TO_DS | (MORE_FRAGMENTS if fragment < 2 else 0), 6, sequence=(number & 4095) << 4 | fragment)
    for _ in range(150):
        yield data(rng, rng.choice((0, 8)), rng.choice((TO_DS, FROM_DS)) | PROTECTED | rng.choice((0, RETRY, POWER, ORDER)))


def with_radio(frame, fields=None):
    return radiotap(fields or RADIO) + with_fcs(frame)


def goes_on(frame):
    """The elements of a first fragment go on in the next, and may make the channel wider."""
    return {'width': None, 'center': None} if frame[0] & 0x0c == 0 and frame[1] & MORE_FRAGMENTS else {}


def kinds():
    for frame in every_kind():
        yield with_radio(frame), goes_on(frame)


def data_shapes():
    for frame in shapes():
        yield with_radio(frame), {}


def damaged():
    """FCS that hold or not, told or not: flags and truth are independent."""
    rng = random.Random(22)
    frames = list(common_kinds())
    for _ in range(200):
        marked, good = rng.random() < 0.3, rng.random() < 0.6
        fields = {**RADIO, FLAGS: bytes([FCS_AT_END | (BAD_FCS if marked else 0)])}
        frame = rng.choice(frames)
        yield radiotap(fields) + with_fcs(frame, good), {**goes_on(frame), 'fcs': 'good' if good else 'bad', 'bad_fcs': '1' if marked else None}


def padded():
    """Atheros: the body begins at a multiple of four, the FCS is that of the frame without padding."""
    rng = random.Random(23)
    fields = {**RADIO, FLAGS: bytes([FCS_AT_END | PADDED])}
    for flags in (0, TO_DS, FROM_DS, TO_DS | FROM_DS, TO_DS | ORDER, TO_DS | FROM_DS | ORDER, TO_DS | PROTECTED, FROM_DS | RETRY):
        for subtype in (0, 4, 8, 12):
            for _ in range(3):
                frame = data(rng, subtype, flags)
                size = 24 + (6 if flags & 3 == 3 else 0) + (2 if subtype & 8 else 0) + (4 if subtype & 8 and flags & ORDER else 0)
                yield radiotap(fields) + frame[:size] + bytes(-size % 4) + frame[size:] + with_fcs(frame)[-4:], {'fcs': 'good'}
    for frame in (management(rng, 8, 0), management(rng, 5, ORDER), *controls(rng, 9, 0)):
        yield radiotap(fields) + with_fcs(frame), {'fcs': 'good'}


IN_HEADER = {name: ANY for name in ('ra', 'ta', 'sa', 'da', 'bssid', 'seq', 'frag', 'duration', 'tid', 'amsdu', 'ethertype')}
IN_BODY = {**{name: ANY for name in ('elements', 'sa', 'da', 'ethertype', 'primary', 'ba_starts')}, 'width': None, 'center': None}


def cut():
    """Snap lengths: within the receiver's header, the MAC header, the elements, the FCS. tshark tells nothing at all of some frames that end
    within their header; what their first two bytes say is known all the same."""
    rng = random.Random(24)
    frames = rng.sample([*common_kinds(), *shapes()], 60)
    for whole in map(with_radio, frames):
        for size in sorted({0, 3, 7, 8, 12, len(whole) - 5, len(whole) - 4, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(8))}):
            start = struct.unpack_from('<H', whole, 2)[0]
            data, first, flags = whole[:max(size, 0)], whole[start], whole[start + 1]
            truth = NOTHING
            if size >= start + 2:
                kind = first >> 4 | (first >> 2 & 3) << 4
                truth = {'kind': str(kind), 'retry': str(flags >> 3 & 1), 'pm': str(flags >> 4 & 1), 'protected': str(flags >> 6 & 1), 'fcs': None,
                         **(IN_HEADER if size < start + 40 else {}), **(IN_BODY if size < len(whole) - 4 else {}), **goes_on(whole[start:])}
            elif size >= start:
                truth = {}
            yield (data, len(whole)), truth


NOTHING = {NOTHING_ELSE: True, 'time': ANY}
RADIOTAP = {'made-kinds.pcap': kinds, 'made-data.pcap': data_shapes, 'made-damaged.pcap': damaged, 'made-padded.pcap': padded, 'made-cut.pcap': cut}


def captures():
    for name, frames in RADIOTAP.items():
        frames = list(frames())
        yield name, pcap([data for data, _ in frames], LINK_RADIOTAP), [truth for _, truth in frames]
