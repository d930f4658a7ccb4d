"""What captures are made of: radiotap and the other receivers' headers, FCS, pcap and pcapng. Each part says where its layout is from."""
import struct
import zlib

LINK_BARE, LINK_PRISM, LINK_RADIOTAP, LINK_AVS, LINK_PPI = 105, 119, 127, 163, 192
CFP, SHORT_PREAMBLE, WEP, FRAGMENT, FCS_AT_END, PADDED, BAD_FCS, SHORT_GI = (1 << i for i in range(8))
# Radiotap's fields: alignment and size by bit (www.radiotap.org)
FIELDS = [(8, 8), (1, 1), (1, 1), (2, 4), (2, 2), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (1, 1), (1, 1), (1, 1), (1, 1), (2, 2), (2, 2),
          (1, 1), (1, 1), (4, 8), (1, 3), (4, 8), (2, 12), (8, 12), (2, 12), (2, 12), (2, 6), (1, 1), (2, 4)]
(TSFT, FLAGS, RATE, CHANNEL, FHSS, SIGNAL, NOISE, LOCK, ATTENUATION, ATTENUATION_DB, POWER, ANTENNA, SIGNAL_DB, NOISE_DB, RX_FLAGS, TX_FLAGS,
 RTS_RETRIES, DATA_RETRIES, XCHANNEL, MCS, AMPDU, VHT, TIMESTAMP, HE, HE_MU, HE_USER, ZERO_LENGTH, LSIG) = range(28)
TLV, RESET, VENDOR, MORE = range(28, 32)


def with_fcs(frame, good=True):
    return frame + struct.pack('<I', zlib.crc32(frame) ^ (0 if good else 0x5a5a5a5a))


def radiotap(fields=None, namespaces=(), tlvs=()):
    """A header with `fields` (bit: its bytes), and namespaces behind: a dictionary for a standard one, or a vendor's as (organisation,
    number, present words, data). TLVs are (type, data) behind all, announced in the last word of a standard namespace."""
    spaces = [fields or {}, *namespaces]
    words = []
    for i, space in enumerate(spaces):
        of_vendor = isinstance(space, tuple)
        own = list(space[2]) if of_vendor else [sum(1 << bit for bit in space)]
        if i + 1 < len(spaces):
            own[-1] |= 1 << (VENDOR if isinstance(spaces[i + 1], tuple) else RESET)
        elif tlvs and not of_vendor:
            own[-1] |= 1 << TLV
        words += own
    words = [word | 1 << MORE for word in words[:-1]] + words[-1:]
    body = b''.join(struct.pack('<I', word) for word in words)

    def pad(to):
        return bytes(-(4 + len(body)) % to)
    for space in spaces:
        if isinstance(space, tuple):
            organisation, number, _, data = space
            body += pad(2) + organisation + struct.pack('<BH', number, len(data)) + data
            continue
        for bit in sorted(space):
            assert len(space[bit]) == FIELDS[bit][1], bit
            body += pad(FIELDS[bit][0]) + space[bit]
    for kind, data in tlvs:
        body += pad(4) + struct.pack('<HH', kind, len(data)) + data
    if tlvs:
        body += pad(4)
    return struct.pack('<BBH', 0, 0, 4 + len(body)) + body


# What wlan-frames calls the fields: name, where in the field, format
NAMES = {TSFT: [('tsft', 0, '<Q')], CHANNEL: [('frequency', 0, '<H'), ('channel_flags', 2, '<H')], FHSS: [('fhss_set', 0, 'B'),
         ('fhss_pattern', 1, 'B')], SIGNAL: [('signal', 0, 'b')], NOISE: [('noise', 0, 'b')], LOCK: [('quality', 0, '<H')],
         ATTENUATION: [('attenuation', 0, '<H')], ATTENUATION_DB: [('attenuation_db', 0, '<H')], POWER: [('power', 0, 'b')],
         SIGNAL_DB: [('signal_db', 0, 'B')], NOISE_DB: [('noise_db', 0, 'B')], RX_FLAGS: [('rx_flags', 0, '<H')],
         TX_FLAGS: [('tx_flags', 0, '<H')], DATA_RETRIES: [('data_retries', 0, 'B')], MCS: [('mcs_known', 0, 'B')],
         XCHANNEL: [('xchannel_flags', 0, '<I'), ('xchannel_mhz', 4, '<H'), ('xchannel', 6, 'B')],
         AMPDU: [('ampdu', 0, '<I'), ('ampdu_flags', 4, '<H')], TIMESTAMP: [('timestamp_ts', 0, '<Q')],
         HE: [('he%d' % (i + 1), 2 * i, '<H') for i in range(6)], HE_MU: [('he_mu1', 0, '<H'), ('he_mu2', 2, '<H')],
         HE_USER: [('he_user1', 0, '<H'), ('he_user2', 2, '<H')], ZERO_LENGTH: [('zero_length', 0, 'B')],
         LSIG: [('lsig1', 0, '<H'), ('lsig2', 2, '<H')]}
ANY = '*'  # a value that is not compared
NOTHING_ELSE = 'nothing else'  # {NOTHING_ELSE: True}: nothing else may be told of the frame
OF_ELEMENTS = 'of elements'    # {OF_ELEMENTS: True}: nothing else of its elements
OF_CHAIN = (SIGNAL, NOISE, ANTENNA, SIGNAL_DB, NOISE_DB)


def told(fields, namespaces=()):
    """What a reader has to find in radiotap(fields, namespaces): further namespaces speak of their chain, and of what the first does not say.
    None: not to be found; ANY: not told here."""
    standard = [fields, *(space for space in namespaces if isinstance(space, dict))]
    values = {}
    for i, space in enumerate(standard):
        for bit, data in space.items():
            if bit in [b for before in standard[:i] for b in before]:
                continue
            for name, at, form in NAMES.get(bit, ()):
                values[name] = None if i and bit in OF_CHAIN else str(struct.unpack_from(form, data, at)[0])
    flags = [space[FLAGS][0] for space in standard if FLAGS in space]
    if flags:
        values['preamble'] = str(int(any(value & SHORT_PREAMBLE for value in flags)))
        values['bad_fcs'] = '1' if any(value & BAD_FCS for value in flags) else None
        if values['bad_fcs']:
            values['udp'] = None  # nothing of a damaged frame is read
        if flags[0] & FCS_AT_END:
            values['fcs'] = 'bad' if flags[0] & BAD_FCS else 'good'
    rates = [space[RATE][0] for space in standard if RATE in space]
    newer = [bit for space in standard for bit in space if bit in (MCS, VHT, HE)]
    if not newer and not rates:
        values['kbps'] = None
    elif newer and (rates or len(newer) > 1):
        values['kbps'] = ANY  # only one of them can be true
    elif rates:
        values['kbps'] = str(rates[0] * 500)
    for name, bit, form in (('signals', SIGNAL, 'b'), ('antennas', ANTENNA, 'B')):
        chains = [space for space in standard[1:] if any(b in OF_CHAIN for b in space)][:8]
        each = [str(struct.unpack(form, space[bit])[0]) for space in standard[:1] + chains if bit in space]
        if each:
            values[name] = ','.join(each)
    return values


def channel(mhz, flags=None):
    return struct.pack('<HH', mhz, flags if flags is not None else 0x0480 if mhz < 3000 else 0x0140)


def dbm(level):
    return struct.pack('<b', level)


def received(frame, mhz, signal, flags=FCS_AT_END, rate=12, further=None, good=True):
    """A frame as most drivers hand it on: TSFT is left out, it would have to be right."""
    fields = {FLAGS: bytes([flags]), RATE: bytes([rate]), CHANNEL: channel(mhz), SIGNAL: dbm(signal), ANTENNA: b'\0', **(further or {})}
    return radiotap(fields) + (with_fcs(frame, good and not flags & BAD_FCS) if flags & FCS_AT_END else frame)


SNAP = b'\xaa\xaa\x03\0\0\0'


def checksum(data):
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(rng, port=16384, version=4):
    """RTP of G.711 in UDP, in IPv4 or IPv6, behind SNAP."""
    voice = struct.pack('>BBHII', 0x80, 0, rng.randrange(65536), rng.getrandbits(32), 0xcafe) + bytes(rng.choice((20, 80, 160)))
    udp = struct.pack('>HHHH', port, 20480, 8 + len(voice), 0) + voice
    if version == 6:
        return SNAP + b'\x86\xdd' + struct.pack('>IHBB', 0x6b800000, len(udp), 17, 64) + bytes(15) + b'\1' + bytes(15) + b'\2' + udp
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0xb8, 20 + len(udp), 1, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2]))
    head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
    return SNAP + b'\x08\0' + head + udp


# --- Other receivers' headers ------------------------------------------------------------------------

def avs(channel_number, rate_100, kind, signal, noise, version=1, mac_time=0, preamble=0, encoding=0):
    """The AVS header of wlan-ng, 64 bytes; of version 2 80 bytes: all big-endian."""
    size = 64 if version == 1 else 80
    head = struct.pack('>IIQQIIIIIIiiII', 0x80211000 | version, size, mac_time, 0, 4, channel_number, rate_100, 0, 0, kind, signal, noise,
                       preamble, encoding)
    return head + bytes(size - len(head))


def prism(items, big=False, wlan_ng=True, absent=()):
    """The Prism header: code, length, name, ten items of which (number or'ed as wlan-ng or madwifi do), status, size and value."""
    order = '>' if big else '<'
    out = struct.pack(order + 'II16s', 0x44, 144, b'wlan0')
    for number in range(1, 11):
        did = number << 12 | 0x41 if wlan_ng else number << 16 | 0x44
        out += struct.pack(order + 'IHHI', did, number in absent, 4, items.get(number, 0) & 0xffffffff)
    return out


PPI_FCS, PPI_TSF_MS, PPI_BAD_FCS, PPI_PHY_ERROR = 1, 2, 4, 8


def ppi_common(flags=0, rate=0, mhz=0, channel_flags=0, signal=-128, noise=-128, tsf=0):
    return 2, struct.pack('<QHHHHBBbb', tsf, flags, rate, mhz, channel_flags, 0, 0, signal, noise)


def ppi_mac(flags, reference, delimiters=0):
    return 3, struct.pack('<IIB3x', flags, reference, delimiters)


def ppi_mac_phy(flags, reference, mcs, streams, signals=(-50, -52, -128, -128), noise=-92, mhz=5180):
    levels = b''.join(struct.pack('<bb', signal, noise) for signal in signals)
    return 4, struct.pack('<IIBBBB4s4sHH', flags, reference, 0, mcs, streams, 60, b'\x32' * 4, b'\x30' * 4, mhz, 0x140) + levels + bytes(16)


def ppi(fields, linktype=LINK_BARE, aligned=False):
    """PPI 1.0.10: fields of type, length and data; with the flag each begins at a multiple of four."""
    body = b''
    for kind, data in fields:
        body += struct.pack('<HH', kind, len(data)) + data
        if aligned:
            body += bytes(-len(body) % 4)
    return struct.pack('<BBHI', 0, aligned, 8 + len(body), linktype) + body


# --- Files --------------------------------------------------------------------------------------------

def pcap(frames, linktype, order='<', nanoseconds=False, snap=65535, fcs_bits=None):
    """`frames` are bytes, or (bytes, length on the wire), 1 ms apart."""
    link = linktype | (0 if fcs_bits is None else 0x04000000 | fcs_bits << 28)
    out = [struct.pack(order + 'IHHiIII', 0xa1b23c4d if nanoseconds else 0xa1b2c3d4, 2, 4, 0, 0, snap, link)]
    for number, frame in enumerate(frames):
        data, length = frame if isinstance(frame, tuple) else (frame, len(frame))
        fraction = number % 1000 * 1000 + 321
        out.append(struct.pack(order + 'IIII', 1_700_000_000 + number // 1000, fraction * 1000 + 987 if nanoseconds else fraction,
                               min(len(data), snap), length) + data[:snap])
    return b''.join(out)


def pcapng_block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, len(body) + 12) + body + struct.pack(order + 'I', len(body) + 12)


def pcapng_option(order, code, value):
    return struct.pack(order + 'HH', code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(interfaces, frames, order='<'):
    """`interfaces`: (link type, snap length, options as (code, value)); `frames`: (interface, time in its units, data[, length])."""
    out = pcapng_block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
    for linktype, snap, options in interfaces:
        body = struct.pack(order + 'HHI', linktype, 0, snap) + b''.join(pcapng_option(order, *option) for option in options)
        out += pcapng_block(order, 1, body + (struct.pack(order + 'HH', 0, 0) if options else b''))
    for interface, time, data, *length in frames:
        body = struct.pack(order + 'IIIII', interface, time >> 32, time & 0xffffffff, len(data), length[0] if length else len(data))
        out += pcapng_block(order, 6, body + data)
    return out
