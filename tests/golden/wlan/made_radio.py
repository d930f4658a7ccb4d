"""Captures of receivers' headers: radiotap in every combination, PPI, Prism, AVS. The frames behind them are of little interest."""
import random
import struct

from wire import *

ACK = bytes([0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1])
# QoS data of 26 bytes of header, so that there is something to pad, with a datagram
DATA = bytes.fromhex('8801300002000000010102000000020102000000030100500600') + datagram(random.Random(0))
ACK_SAYS = {'kind': '29', 'ra': '02:00:00:00:00:01', 'retry': '0', 'pm': '0', 'protected': '0', 'duration': '0'}
NOTHING = {NOTHING_ELSE: True, 'time': ANY}
FREQUENCIES = (2412, 2437, 2484, 5180, 5320, 5825, 5955, 6415, 7115)


def value(rng, bit):
    """Something that the field may hold."""
    size = FIELDS[bit][1]
    if bit == CHANNEL:
        return channel(rng.choice(FREQUENCIES))
    if bit == XCHANNEL:
        return struct.pack('<IHBB', rng.choice((0x140, 0x480, 0xa0, 0x20140, 0x10480)), rng.choice(FREQUENCIES), rng.randrange(1, 200), 40)
    if bit in (SIGNAL, NOISE):
        return dbm(rng.randrange(-128, 128))
    if bit == RATE:
        return bytes([rng.choice((2, 4, 11, 22, 12, 18, 24, 36, 48, 72, 96, 108))])
    if bit == MCS:
        return bytes([rng.randrange(256), rng.randrange(256), rng.randrange(32)])
    if bit == VHT:
        return struct.pack('<HBB4BBBH', rng.randrange(0x200), rng.randrange(64), rng.randrange(26),
                           *[rng.randrange(10) << 4 | rng.randrange(1, 9) if not user else 0 for user in range(4)],
                           rng.randrange(2), rng.randrange(64), rng.randrange(512))
    if bit == HE:
        return struct.pack('<6H', *[rng.randrange(65536) for _ in range(4)], rng.randrange(65536) & 0xfff0 | rng.randrange(11), rng.randrange(65536))
    if bit == ZERO_LENGTH:
        return bytes([rng.choice((0, 1, 255))])
    return bytes(rng.randrange(256) for _ in range(size))


def deliver(frame, flags):
    """The frame as these flags say that it was captured. Padding is the receiver's: the FCS is that of the frame as it was sent."""
    fcs = with_fcs(frame, not flags & BAD_FCS)[-4:] if flags & FCS_AT_END else b''
    if flags & PADDED and frame[0] & 0x0c == 8:
        size = 26 if frame[0] & 0x80 else 24
        frame = frame[:size] + bytes(-size % 4) + frame[size:]
    return frame + fcs


def single_words():
    """Each field alone, each pair, all, and many at random: alignment is decided by what is before."""
    rng = random.Random(1)
    known = [bit for bit in range(28) if bit not in (HE_USER, ZERO_LENGTH)]
    sets = [[bit] for bit in known] + [[a, b] for a in known for b in known if a < b] + [known] * 4
    sets += [[bit for bit in known if rng.random() < share] for share in (0.15, 0.3, 0.5, 0.8) for _ in range(400)]
    for bits in sets:
        fields = {bit: value(rng, bit) for bit in bits}
        truth = {**told(fields), **({'kbps': ANY} if HE in fields else {})}  # many of these have no rate; rates.py has those that do
        yield radiotap(fields) + deliver(rng.choice((ACK, DATA)), fields.get(FLAGS, b'\0')[0]), truth


def zero_length():
    rng = random.Random(2)
    for _ in range(40):
        bits = [bit for bit in range(25) if rng.random() < 0.3] + [ZERO_LENGTH] + [LSIG] * rng.randrange(2)
        fields = {bit: value(rng, bit) for bit in bits}
        yield radiotap(fields), {**told(fields), 'bad_fcs': None, 'fcs': None, 'kbps': ANY}


def other_users():
    """HE-MU-other-user, which tshark 4.0 does not know."""
    rng = random.Random(3)
    for _ in range(60):
        bits = [bit for bit in range(25) if rng.random() < 0.3] + [HE_USER] + [LSIG] * rng.randrange(2)
        fields = {bit: value(rng, bit) for bit in bits}
        truth = {**told(fields), **({'kbps': ANY} if HE in fields else {})}
        yield radiotap(fields) + deliver(ACK, fields.get(FLAGS, b'\0')[0]), truth


def chain(rng):
    return {bit: value(rng, bit) for bit in (SIGNAL, NOISE, LOCK, ANTENNA, SIGNAL_DB, NOISE_DB, RX_FLAGS) if rng.random() < 0.6}


def vendor(rng, most=1):
    """Of odd and even lengths, of one or more present words, whose bits mean something to nobody else."""
    words = [rng.getrandbits(29) for _ in range(rng.randrange(1, most + 1))]
    return bytes(rng.randrange(256) for _ in range(3)), rng.randrange(256), words, bytes(rng.randrange(256) for _ in range(rng.randrange(0, 12)))


def namespaces(words=1):
    rng = random.Random(3 + words)
    known = [bit for bit in range(25) if bit not in (MCS, VHT, HE, HE_MU)]
    for _ in range(500):
        fields = {bit: value(rng, bit) for bit in known if rng.random() < 0.3}
        further = [vendor(rng, words) if rng.random() < 0.3 else chain(rng) for _ in range(rng.randrange(1, 6))]
        yield radiotap(fields, further) + deliver(rng.choice((ACK, DATA)), fields.get(FLAGS, b'\0')[0]), told(fields, further)


def mac80211():
    """As Linux writes several antennas: the level of all, then a namespace for each."""
    rng = random.Random(5)
    for chains in (1, 2, 3, 4, 8):
        for _ in range(12):
            level = rng.randrange(-90, -30)
            fields = {TSFT: value(rng, TSFT), FLAGS: bytes([FCS_AT_END]), CHANNEL: channel(5180), SIGNAL: dbm(level), RX_FLAGS: b'\0\0',
                      rng.choice((RATE, TIMESTAMP)): None}
            fields = {bit: value(rng, bit) if data is None else data for bit, data in fields.items()}
            each = [{SIGNAL: dbm(level - rng.randrange(8)), ANTENNA: bytes([i])} for i in range(chains)]
            yield radiotap(fields, each) + with_fcs(DATA), told(fields, each)


def tlvs():
    """Types below 28 are the fields; 30 is a vendor's, 32 S1G, 33 U-SIG, 34 EHT; each is padded to four bytes."""
    rng = random.Random(6)
    for _ in range(200):
        fields = {bit: value(rng, bit) for bit in (TSFT, FLAGS, CHANNEL, SIGNAL, RX_FLAGS, TIMESTAMP) if rng.random() < 0.5}
        kinds = {30: rng.randrange(8, 21), 32: 6, 33: 12, 34: 40 + 4 * rng.randrange(9), 1000: rng.randrange(12)}
        chosen = [(kind, bytes(rng.randrange(256) for _ in range(kinds[kind]))) for kind in rng.sample(sorted(kinds), rng.randrange(1, 5))]
        further = [chain(rng)] * rng.randrange(2)
        truth = told(fields, further)
        words = {kind: struct.unpack_from('<I', data)[0] for kind, data in chosen if len(data) > 3}
        truth.update((name, str(words[kind])) for name, kind in (('usig', 33), ('eht', 34)) if kind in words)
        yield radiotap(fields, further, chosen) + deliver(ACK, fields.get(FLAGS, b'\0')[0]), {**truth, **ACK_SAYS}


def sent():
    """Frames that this host sent, as mac80211 hands them back: no level, no channel, but attempts."""
    rng = random.Random(7)
    for _ in range(60):
        fields = {TX_FLAGS: struct.pack('<H', rng.choice((0, 1, 2, 4, 8, 0x10, 0x20))), DATA_RETRIES: bytes([rng.randrange(8)]),
                  rng.choice((RATE, MCS, VHT)): None}
        fields = {bit: value(rng, bit) if data is None else data for bit, data in fields.items()}
        yield radiotap(fields) + DATA, told(fields)


def lying():
    """Headers longer than the frame, shorter than a header can be, or shorter than their own fields; a version that nobody has; a chain of
    present words without end."""
    fields = {TSFT: bytes(8), FLAGS: b'\0', RATE: b'\x0c', CHANNEL: channel(2412), SIGNAL: dbm(-40)}
    good = radiotap(fields)
    for size in (0, 4, 7, len(good) + len(DATA) + 1, 255, 65535):
        yield good[:2] + struct.pack('<H', size) + good[4:] + DATA, NOTHING
    yield b'\x01' + good[1:] + DATA, NOTHING
    yield good[:1] + b'\xff' + good[2:] + DATA, told(fields)  # the pad byte means nothing
    yield struct.pack('<BBHIII', 0, 0, 16, 1 << MORE, 1 << MORE, 1 << MORE) + DATA, NOTHING
    for bit in (ANTENNA, MCS, XCHANNEL, VHT, TIMESTAMP, HE):  # announced, but not there
        present = struct.unpack_from('<I', good, 4)[0] | 1 << bit
        yield good[:4] + struct.pack('<I', present) + good[8:] + DATA, told(fields)
    rest = {bit: fields[bit] for bit in (TSFT, FLAGS)}
    for size in (17, 18):  # ends within the channel, and before it
        yield good[:2] + struct.pack('<H', size) + good[4:size] + DATA, {**told(rest), 'kbps': ANY}


CAPTURES = {
    'made-words.pcap': single_words, 'made-no-frame.pcap': zero_length, 'made-other-user.pcap': other_users, 'made-namespaces.pcap': namespaces,
    'made-vendor-words.pcap': lambda: namespaces(3), 'made-antennas.pcap': mac80211, 'made-tlvs.pcap': tlvs, 'made-sent.pcap': sent,
    'made-lying.pcap': lying,
}


def captures():
    for name, frames in CAPTURES.items():
        frames = list(frames())
        yield name, pcap([data for data, _ in frames], LINK_RADIOTAP), [truth for _, truth in frames]
