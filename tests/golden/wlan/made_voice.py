"""Captures of unencrypted frames with voice in them, in every way in which 802.11 carries IP; and of receivers as BSD has them."""
import random
import struct

from made_elements import beacon, element
from made_frames import AP, FOURTH, FROM_DS, GROUP, MORE_FRAGMENTS, ORDER, THIRD, TO_DS, data, msdu
from made_radio import deliver
from wire import *


def carried(rng):
    """(MAC frame, what to find in it): plain and QoS data, HT control, four addresses, mesh, VLAN, A-MSDU."""
    for flags in (0, TO_DS, FROM_DS, TO_DS | FROM_DS):
        for version in (4, 6):
            yield data(rng, 0, flags, body=datagram(rng, version=version))
            yield data(rng, 8, flags, 6, datagram(rng, version=version))
            yield data(rng, 8, flags | ORDER, 6, datagram(rng, version=version))
            yield data(rng, 0, flags | ORDER, body=datagram(rng, version=version))
        inner = [msdu(THIRD, FOURTH, datagram(rng, 16384 + i)) for i in range(3)]
        yield data(rng, 8, flags, 0x86, b''.join(part + bytes(-len(part) % 4) for part in inner[:-1]) + inner[-1])
        yield data(rng, 8, flags, 6, SNAP + b'\x81\0' + struct.pack('>H', 0xc064) + datagram(rng)[6:])  # VLAN 100
    for extension, size in ((0, 6), (1, 12), (2, 18)):
        control = bytes([extension, 31]) + bytes(4) + (THIRD + FOURTH)[:size - 6]
        yield data(rng, 8, TO_DS | FROM_DS, 0x0106, control + datagram(rng))
        yield data(rng, 8, FROM_DS, 0x0106, control + datagram(rng), receiver=GROUP)
    yield data(rng, 8, FROM_DS, 0x4006, datagram(rng))  # an access point's buffer state
    yield data(rng, 8, TO_DS | FROM_DS, 0x0106, datagram(rng))  # the bit of mesh control, and none


def behind_radiotap():
    rng = random.Random(80)
    for flags in (0, FCS_AT_END, PADDED, FCS_AT_END | PADDED):
        for frame in carried(rng):
            size = 24 + (6 if frame[1] & 3 == 3 else 0) + (2 + (4 if frame[1] & ORDER else 0) if frame[0] & 0x80 else 0)
            fcs = with_fcs(frame)[-4:] if flags & FCS_AT_END else b''
            if flags & PADDED:
                frame = frame[:size] + bytes(-size % 4) + frame[size:]
            yield radiotap({FLAGS: bytes([flags]), CHANNEL: channel(5180)}) + frame + fcs, {}


def in_fragments():
    """A datagram in two fragments is in neither of them."""
    rng = random.Random(81)
    for number in range(4):
        body = datagram(rng)
        yield data(rng, 8, TO_DS | MORE_FRAGMENTS, 6, body[:100], number << 4), {'udp': None}
        yield data(rng, 8, TO_DS, 6, body[100:], number << 4 | 1), {'udp': None}


def of_bsd():
    """FreeBSD's drivers: XChannel in place of Channel; of HT frames the MCS and 0x80 in place of the rate."""
    rng = random.Random(82)
    for number, mhz, flags in ((6, 2437, 0x480), (36, 5180, 0x140), (149, 5745, 0x20140)):
        for rate in (12, 108, 0x87, 0x80, 0x8f):
            fields = {TSFT: struct.pack('<Q', rng.getrandbits(40)), FLAGS: bytes([FCS_AT_END]), RATE: bytes([rate]), SIGNAL: dbm(-60), NOISE: dbm(-95),
                      ANTENNA: b'\1', XCHANNEL: struct.pack('<IHBB', flags, mhz, number, 40)}
            frame = beacon(8, element(0, b'office') + element(1, b'\x82\x84') + element(3, bytes([number])), AP)
            at = {'mhz': str(mhz), 'primary': str(mhz), 'width': '20', 'center': str(mhz)}
            yield radiotap(fields) + with_fcs(frame), {**told(fields), **at, 'kbps': str(rate * 500) if rate < 0x80 else None}


def captures():
    rng = random.Random(83)
    frames = list(behind_radiotap())
    yield 'made-voice.pcap', pcap([frame for frame, _ in frames], LINK_RADIOTAP), [truth for _, truth in frames]
    frames = list(in_fragments())
    yield 'made-voice-fragments.pcap', pcap([frame for frame, _ in frames], LINK_BARE), [truth for _, truth in frames]
    frames = list(carried(rng))
    yield 'made-voice-bare.pcap', pcap(frames, LINK_BARE), [{}] * len(frames)
    common = ppi_common(PPI_FCS, 12, 5180, 0x140, -50, -95, 1)
    yield 'made-voice-ppi.pcap', pcap([ppi([common]) + deliver(frame, FCS_AT_END) for frame in frames], LINK_PPI), \
        [{name: ANY for name in ('signal', 'noise', 'signals', 'frequency', 'channel_flags', 'preamble', 'kbps', 'fcs', 'tsft')}] * len(frames)
    yield 'made-voice-prism.pcap', pcap([prism({3: 36, 8: 12}) + frame for frame in frames], LINK_PRISM), \
        [{'frequency': ANY, 'channel_flags': ANY}] * len(frames)
    frames = list(of_bsd())
    yield 'made-bsd.pcap', pcap([frame for frame, _ in frames], LINK_RADIOTAP), [truth for _, truth in frames]
