"""A capture of frames of many lengths and rates, and how long they are on the air."""
import math
import struct
import subprocess
from fractions import Fraction

from rates import MODULATION
from wire import *

HEADER = bytes.fromhex('8801300002000000010102000000020102000000030100000600')  # QoS data: in VHT and HE it is an A-MPDU of one
LENGTHS = (0, 1, 37, 100, 333, 1474, 2200)
LTFS = {1: 1, 2: 2, 3: 4, 4: 4, 5: 6, 6: 6, 7: 8, 8: 8}
LEGACY_US = 20  # L-STF, L-LTF, L-SIG


def symbols(size, bits, encoders=1, pair=1):
    """Data symbols by IEEE 802.11-2020 17.3.5.4, 19.3.11.4, 21.3.10.5.4: service, data, tail, in pairs with STBC."""
    return pair * math.ceil(Fraction(16 + 8 * size + 6 * encoders) / (pair * bits))


def data_bits(subcarriers, mcs, streams):
    bits, code = MODULATION[mcs]
    return subcarriers * bits * streams * Fraction(code)


def dsss():
    """16.3.4. The short preamble is not for 1 Mbit/s; tshark takes it for that, too."""
    for rate, kbps in ((2, 1000), (4, 2000), (11, 5500), (22, 11000)):
        for short in (0, 1):
            for size in LENGTHS:
                us = (96 if short and rate != 2 else 192) + math.ceil(Fraction((size + 30) * 8000, kbps))
                yield 'DSSS %d short %d' % (kbps, short), {RATE: bytes([rate]), FLAGS: bytes([FCS_AT_END | (SHORT_PREAMBLE if short else 0)]),
                                                           CHANNEL: channel(2412, 0xa0)}, size, us, not (short and rate == 2)


def ofdm():
    """17.4.3; in 10 and 5 MHz all is slower, which tshark does not know."""
    for rate in (6, 9, 12, 18, 24, 36, 48, 54):
        for slower, flags in ((1, 0x140), (2, 0x4140), (4, 0x8140)):
            if rate * 2 % slower == 0:
                for size in LENGTHS:
                    us = slower * (LEGACY_US + 4 * symbols(size + 30, rate * 4))
                    yield 'OFDM %d/%d' % (rate, slower), {RATE: bytes([rate * 2 // slower]), CHANNEL: channel(5180, flags)}, size, us, slower == 1


def ht():
    """19.4.3, mixed and greenfield format. tshark has 104 subcarriers for 40 MHz (there are 108), more for the greenfield
    preamble, and ends short guard intervals anywhere."""
    for mcs in range(32):
        streams = mcs // 8 + 1
        for width, subcarriers in ((0, 52), (1, 108)):
            for short in (0, 1):
                for green in (0, 1) if not short else (0,):
                    for stbc in (0, 1) if streams < 3 else (0,):
                        bits = data_bits(subcarriers, mcs % 8, streams)
                        preamble = 8 + 8 + 8 + 4 * (LTFS[streams + stbc] - 1) if green else LEGACY_US + 8 + 4 + 4 * LTFS[streams + stbc]
                        for size in LENGTHS:
                            count = symbols(size + 30, bits, 2 if bits > 1200 else 1, 1 + stbc)
                            us = preamble + (4 * math.ceil(count * Fraction(36, 40)) if short else 4 * count)
                            yield 'HT MCS %d width %d short %d greenfield %d STBC %d' % (mcs, width, short, green, stbc), \
                                {MCS: bytes([0x3f, width | short << 2 | green << 3 | stbc << 5, mcs])}, size, us, not (width or short or green or stbc)


def vht():
    """21.4.3, where one encoder is enough. tshark counts no whole symbols and no delimiter of the A-MPDU."""
    for width, subcarriers in ((0, 52), (1, 108), (4, 234), (11, 468)):
        for streams in range(1, 9):
            for mcs in range(10):
                bits = data_bits(subcarriers, mcs, streams)
                if bits > 2160 or bits.denominator != 1:
                    continue
                for short in (0, 1):
                    field = struct.pack('<HBB4BBBH', 0x45, short << 2, width, mcs << 4 | streams, 0, 0, 0, 0, 0, 0)
                    for size in LENGTHS:
                        count = symbols(size + 34, bits)
                        us = LEGACY_US + 8 + 4 + 4 * LTFS[streams] + 4 + (4 * math.ceil(count * Fraction(36, 40)) if short else 4 * count)
                        yield 'VHT MCS %d NSS %d width %d short %d' % (mcs, streams, width, short), {VHT: field}, size, us, False


def he():
    """27.4.3, a PPDU to one user of 20 MHz, BCC. How long the packet extension is (0 to 16 us) is not told. tshark has no time of HE."""
    for streams in range(1, 5):
        for mcs in range(10):
            for gi, ltf, gi_us, ltf_us in ((0, 2, '0.8', '6.4'), (1, 2, '1.6', '6.4'), (2, 3, '3.2', '12.8')):
                field = struct.pack('<6H', 0x42e0, 2, mcs << 8, 0, gi << 4 | ltf << 6, streams)
                bits = data_bits(234, mcs, streams)
                for size in LENGTHS:
                    us = LEGACY_US + 4 + 8 + 4 + LTFS[streams] * (Fraction(ltf_us) + Fraction(gi_us)) + \
                        symbols(size + 34, bits) * (Fraction('12.8') + Fraction(gi_us))
                    yield 'HE MCS %d NSS %d GI %d' % (mcs, streams, gi), {HE: field}, size, us, False


def compare(path, ours):
    """The number of failures."""
    cases = [*dsss(), *ofdm(), *ht(), *vht(), *he()]
    common = {FLAGS: bytes([FCS_AT_END]), CHANNEL: channel(5180)}
    with open(path, 'wb') as file:
        file.write(pcap([radiotap({**common, **fields}) + with_fcs(HEADER + bytes(size)) for _, fields, size, *_ in cases], LINK_RADIOTAP))
    result = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', '-e', 'wlan_radio.duration'], capture_output=True, text=True, check=True)
    failures, compared = 0, 0
    for (name, _, size, us, comparable), mine, shark in zip(cases, ours(path), result.stdout.split('\n'), strict=False):
        middle, slack = float(mine.get('us', 'nan')), float(mine.get('slack_us', 'nan'))
        wrong = not middle - slack - 0.1 <= us <= middle + slack + 0.1 or slack > 8
        if comparable:
            compared += 1
            wrong |= not shark or abs(int(shark) - us) > 0.5
        if wrong:
            failures += 1
            if failures < 20:
                print('%s, %d bytes: decoders %.1f +- %.1f us, computed %.1f, tshark %s' % (name, size + 30, middle, slack, float(us), shark))
    print('times on the air: %d, of which %d are compared with tshark; %d differ' % (len(cases), compared, failures))
    return failures
