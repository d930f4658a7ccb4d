"""A capture with every rate that radiotap can tell of HT, VHT and HE, and what its rates are."""
import struct
from fractions import Fraction

ACK = bytes([0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1])  # the shortest frame
# Bits of a subcarrier and code rate by MCS: 802.11ax-2021 tables 27-60 and on, 802.11-2020 19-27 and on
MODULATION = [(1, '1/2'), (2, '1/2'), (2, '3/4'), (4, '1/2'), (4, '3/4'), (6, '2/3'), (6, '3/4'), (6, '5/6'), (8, '3/4'),
              (8, '5/6'), (10, '3/4'), (10, '5/6')]
VHT_WIDTHS = {0: 52, 1: 108, 4: 234, 11: 468}
HE_ALLOCATIONS = [234, 468, 980, 1960, 24, 48, 102, 234, 468, 980, 1960]


def radiotap(bit, field, align):
    head = struct.pack('<BBHI', 0, 0, 8 + len(field), 1 << bit)
    assert len(head) % align == 0
    return head[:2] + struct.pack('<H', 8 + len(field)) + head[4:] + field


def kbps(subcarriers, mcs, streams, symbol_us, dcm=False):
    bits, code = MODULATION[mcs]
    rate = Fraction(subcarriers * bits * streams * 1000) * Fraction(code) / Fraction(symbol_us) / (2 if dcm else 1)
    return int(rate + Fraction(1, 2))


def legacy():
    for rate in (2, 4, 11, 12, 18, 22, 24, 36, 48, 72, 96, 108):
        yield 'Rate %d' % rate, radiotap(2, bytes([rate]), 1), rate * 500


def ht():
    for mcs in range(77):
        for width in (0, 1):
            for short in (0, 1):
                symbol = '3.6' if short else '4'
                rate = None  # above 31: as tshark has it
                if mcs < 32:
                    rate = kbps(108 if width else 52, mcs % 8, mcs // 8 + 1, symbol)
                elif mcs == 32:
                    rate = int(Fraction(24000) / Fraction(symbol) + Fraction(1, 2)) if width else 0
                yield 'HT MCS %d width %d short %d' % (mcs, width, short), \
                    radiotap(19, bytes([0x07, width | short << 2, mcs]), 1), rate


def vht():
    for width, subcarriers in VHT_WIDTHS.items():
        for streams in range(1, 9):
            for mcs in range(10):
                for short in (0, 1):
                    field = struct.pack('<HBB4BBBH', 0x44, short << 2, width, mcs << 4 | streams, 0, 0, 0, 0, 0, 0)
                    yield 'VHT MCS %d NSS %d width %d short %d' % (mcs, streams, width, short), \
                        radiotap(21, field, 2), kbps(subcarriers, mcs, streams, '3.6' if short else '4')


def he():
    for allocation, subcarriers in enumerate(HE_ALLOCATIONS):
        for streams in range(1, 9):
            for mcs in range(12):
                for gi, symbol in enumerate(('13.6', '14.4', '16')):
                    for dcm in (0, 1) if mcs in (0, 1, 3, 4) and streams < 3 else (0,):
                        form = 0 if allocation < 4 else 2
                        field = struct.pack('<6H', form | 0x4260, 2, mcs << 8 | dcm << 12, 0, allocation | gi << 4, streams)
                        yield 'HE MCS %d NSS %d allocation %d GI %d DCM %d' % (mcs, streams, allocation, gi, dcm), \
                            radiotap(23, field, 2), kbps(subcarriers, mcs, streams, symbol, dcm)


# Combinations that VHT has no rate for (802.11-2020 21.5)
VHT_EXCLUDED = {(9, 0, n) for n in (1, 2, 4, 5, 7, 8)} | {(6, 4, 3), (6, 4, 7), (9, 4, 6), (9, 11, 3)}


def excluded(name):
    words = name.split()
    return words[0] == 'VHT' and (int(words[2]), int(words[6]), int(words[4])) in VHT_EXCLUDED


def tshark_tolerance(name, rate):
    """kbit/s; None: not comparable. tshark prints six digits; of HE its table has one decimal of Mbit/s, and it does not know
    DCM; HT MCS 32 it takes for 54 subcarriers of BPSK (it is 48)."""
    if name.startswith('HT MCS 32') or name.endswith('DCM 1'):
        return None
    return 51 if name.startswith('HE') else max(1, rate * 5e-6)


def compare(path, ours, tshark, data_rate):
    """The number of failures."""
    cases = [*legacy(), *ht(), *vht(), *he()]
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 127))
        for number, (_, header, _) in enumerate(cases):
            frame = header + ACK
            file.write(struct.pack('<IIII', number, 0, len(frame), len(frame)) + frame)
    failures, compared = 0, 0
    for (name, _, expected), mine, theirs in zip(cases, ours(path), tshark(path), strict=True):
        rate = int(mine.get('kbps', 0))
        shark = int(data_rate(theirs['wlan_radio.data_rate']) or 0) if 'wlan_radio.data_rate' in theirs else 0
        tolerance = tshark_tolerance(name, rate)
        wrong = expected is not None and rate != (0 if excluded(name) else expected)
        if shark and tolerance and not excluded(name):
            compared += 1
            wrong |= abs(rate - shark) > tolerance
        if wrong:
            failures += 1
            if failures < 20:
                print('%s: decoders %d kbit/s, computed %s, tshark %s' % (name, rate, expected, shark))
    print('rates: %d, of which %d are compared with tshark; %d differ' % (len(cases), compared, failures))
    return failures
