"""Captures of other link types and file formats: bare 802.11, Prism, AVS, PPI; pcap in both byte orders and precisions, gzip, pcapng."""
import gzip
import random
import struct

from made_elements import beacon, element, heard
from made_frames import TO_DS, common_kinds, data, goes_on, shapes
from made_radio import ACK, ACK_SAYS, deliver
from wire import *

BEACON = beacon(8, element(0, b'office') + element(1, b'\x82\x84') + element(3, b'\6'))


def some(seed, size):
    return random.Random(seed).sample([*common_kinds(), *shapes()], size)


ANY_CHANNEL = {name: ANY for name in ('primary', 'width', 'center', 'channel_flags')}  # of elements of another band than the receiver's


def rates_of(rng):
    """In 100 kbit/s."""
    return rng.choice((10, 20, 55, 110, 60, 90, 120, 180, 240, 360, 480, 540))


def of_avs(version):
    rng = random.Random(60 + version)
    for frame in some(60, 150):
        number, mhz = rng.choice(((1, 2412), (6, 2437), (14, 2484), (36, 5180), (165, 5825), (2437, 2437), (5180000, 5180), (0, None)))
        rate, kind, preamble = rates_of(rng), rng.choice((0, 1, 2, 2, 2, 3)), rng.randrange(3)
        signal, noise, time = rng.randrange(-95, -20), rng.randrange(-100, -80), rng.getrandbits(40)
        in_bits = rng.random() < 0.1  # some drivers write bits a second
        truth = {**ANY_CHANNEL, 'signal': str(signal) if kind == 2 else None, 'noise': str(noise) if kind == 2 else None, 'signals': ANY, 'kbps': str(rate * 100),
                 'frequency': str(mhz) if mhz else None, 'tsft': str(time), 'preamble': ANY if not preamble else str(2 - preamble)}
        yield avs(number, rate * 100000 if in_bits else rate, kind, signal, noise, version, time, preamble) + frame, truth


def of_prism():
    """Items of wlan-ng and of madwifi, in both byte orders; no unit of the level is sure, so none is told. AVS under the same number."""
    rng = random.Random(63)
    for frame in some(61, 200):
        if rng.random() < 0.1:
            yield avs(11, 110, 2, -70, -92) + frame, {**ANY_CHANNEL, 'signal': '-70', 'noise': '-92', 'signals': '-70', 'frequency': '2462', 'kbps': '11000'}
            continue
        number, mhz = rng.choice(((1, 2412), (11, 2462), (14, 2484), (44, 5220)))
        rate, absent = rates_of(rng), rng.choice(((), (), (3,), (8,), (6, 7)))
        items = {1: 5, 2: 9, 3: number, 4: 40, 6: rng.choice((-50, 60, 0xce)), 7: rng.choice((-95, 3)), 8: rate // 5, 10: len(frame)}
        truth = {**ANY_CHANNEL, 'frequency': None if 3 in absent else str(mhz), 'kbps': None if 8 in absent else str(rate * 100)}
        yield prism(items, rng.random() < 0.5, rng.random() < 0.5, absent) + frame, truth


def of_ppi(aligned):
    """802.11-Common with others around it; 802.11n-MAC and MAC+PHY. Each field begins at a multiple of four where the header says so; tshark
    gives up at the padding, so there the frame is one whose values are known."""
    rng = random.Random(64 + aligned)
    others = [(6, b'proc!'), (7, b'cap'), (5, bytes(7)), (6, bytes(8))]
    for frame in [ACK] * 100 if aligned else some(62, 300):
        bad, fcs, in_ms = rng.random() < 0.15, rng.random() < 0.7, rng.random() < 0.2
        flags = (PPI_FCS if fcs else 0) | (PPI_BAD_FCS if bad else 0) | (PPI_TSF_MS if in_ms else 0)
        rate, mhz, time = rates_of(rng), rng.choice((2412, 5180, 5825, 0)), rng.choice((0, rng.getrandbits(40)))
        signal, noise = rng.choice((-128, rng.randrange(-95, -20))), rng.choice((-128, -95))
        truth = {**ANY_CHANNEL, 'kbps': str(rate * 100), 'frequency': str(mhz) if mhz else None, 'preamble': ANY, 'tsft': None,
                 'signal': ANY, 'noise': ANY, 'signals': ANY, 'bad_fcs': '1' if bad else None, 'fcs': ('bad' if bad else 'good') if fcs else None}
        if signal > -128:
            truth['signal'] = str(signal)
        if time and not in_ms:
            truth['tsft'] = str(time)
        fields, kind = [ppi_common(flags, rate // 5, mhz, 0x140, signal, noise, time)], rng.randrange(4)
        if kind == 1:  # HT, and not told which MCS
            fields.append(ppi_mac(0x02, 0))
            truth.update(kbps=None, mcs_known=ANY)
        elif kind == 2:  # 40 MHz, short guard interval, part of an A-MPDU
            mcs = rng.randrange(16)
            fields.append(ppi_mac_phy(0x16, 4711, mcs, mcs // 8 + 1))
            each = (30000, 60000, 90000, 120000, 180000, 240000, 270000, 300000)[mcs % 8] * (mcs // 8 + 1)
            truth.update(kbps=str(each // 2), ampdu='4711', mcs_known=ANY, ampdu_flags=ANY, antennas='0,1')
        elif kind == 3:  # 20 MHz, long guard interval
            mcs = rng.randrange(8)
            fields.append(ppi_mac_phy(0x01, 0, mcs, 1))
            truth.update(kbps=str((6500, 13000, 19500, 26000, 39000, 52000, 58500, 65000)[mcs]), mcs_known=ANY, antennas='0,1')
        rng.shuffle(fields)
        fields = rng.sample(others, rng.randrange(3)) + fields  # tshark gives up at some that are last
        truth.update(ACK_SAYS if aligned else {})
        yield ppi(fields, aligned=aligned) + deliver(frame, (FCS_AT_END if fcs else 0) | (BAD_FCS if bad else 0)), truth


OFTEN = [heard(BEACON, 2437), *(heard(data(random.Random(65), 8, TO_DS), 2437) for _ in range(9))]


def times(start, step, count):
    return [start + step * i for i in range(count)]


def interfaces():
    """One file, several receivers: link types, resolutions of time (10^-9, 10^-6, 10^-3, 2^-20), an offset in seconds, an FCS told by the file."""
    options = [(LINK_RADIOTAP, [(2, b'mon0'), (9, b'\x09')]), (LINK_RADIOTAP, [(2, b'mon1')]), (LINK_BARE, [(2, b'mon2'), (9, b'\x03'), (13, b'\x04')]),
               (LINK_PPI, [(2, b'mon3'), (9, b'\x94')]), (LINK_RADIOTAP, [(2, b'mon4'), (9, b'\x06'), (14, struct.pack('<q', 1_000_000))]),
               (LINK_RADIOTAP, [(2, b'mon5'), (13, b'\x04')]), (LINK_BARE, [(13, b'\x20')])]
    units = [10 ** 9, 10 ** 6, 10 ** 3, 2 ** 20, 10 ** 6, 10 ** 6, 10 ** 6]
    frames, truths = [], []
    for turn in range(20):
        for i, (linktype, _) in enumerate(options):
            second = 1_700_000_000 + turn - (1_000_000 if i == 4 else 0)
            frame = OFTEN[turn % len(OFTEN)]
            if linktype == LINK_BARE:
                frame = with_fcs(BEACON)
            elif linktype == LINK_PPI:
                frame = ppi([ppi_common(PPI_FCS, 12, 2437, 0x480, -60, -95)]) + with_fcs(BEACON)
            frames.append((i, second * units[i] + units[i] // 8 * (turn % 8), frame))
            said = {'time': str((second + (1_000_000 if i == 4 else 0)) * 10 ** 9 + units[i] // 8 * (turn % 8) * 10 ** 9 // units[i])}
            truths.append({**said, **({'elements': '3', 'fcs': None} if linktype == LINK_BARE else OF_PPI if linktype == LINK_PPI else {})})
    return pcapng([(linktype, 0, option) for linktype, option in options], frames), truths


OF_PPI = {name: ANY for name in ('signal', 'noise', 'signals', 'frequency', 'channel_flags', 'preamble', 'kbps', 'fcs')}


def captures():
    for name, linktype, frames in (('made-avs.pcap', LINK_AVS, of_avs(1)), ('made-avs-2.pcap', LINK_AVS, of_avs(2)), ('made-prism.pcap', LINK_PRISM, of_prism()),
                                   ('made-ppi.pcap', LINK_PPI, of_ppi(False)), ('made-ppi-aligned.pcap', LINK_PPI, of_ppi(True))):
        frames = list(frames)
        yield name, pcap([data for data, _ in frames], linktype), [truth for _, truth in frames]
    bare = some(66, 300)
    yield 'made-bare.pcap', pcap(bare, LINK_BARE), [goes_on(frame) for frame in bare]
    yield 'made-bare-fcs.pcap', pcap([with_fcs(BEACON)] * 5, LINK_BARE, fcs_bits=2), [{'elements': '3'}] * 5  # the file tells of four bytes
    yield 'made-big-endian.pcap', pcap(OFTEN, LINK_RADIOTAP, '>'), [{}] * len(OFTEN)
    yield 'made-nanoseconds.pcap', pcap(OFTEN, LINK_RADIOTAP, nanoseconds=True), [{}] * len(OFTEN)
    yield 'made-big-nanoseconds.pcap.gz', gzip.compress(pcap(OFTEN, LINK_RADIOTAP, '>', True), mtime=0), [{}] * len(OFTEN)
    yield 'made-snapped.pcap', pcap(OFTEN, LINK_RADIOTAP, snap=60), [{}] * len(OFTEN)
    data_ng, truths = interfaces()
    yield 'made-interfaces.pcapng', data_ng, truths
    yield 'made-interfaces.pcapng.gz', gzip.compress(data_ng, mtime=0), truths
    big = pcapng([(LINK_RADIOTAP, 0, [(9, b'\x09')])], [(0, (1_700_000_000 + i) * 10 ** 9 + i, frame) for i, frame in enumerate(OFTEN)], '>')
    yield 'made-big-endian.pcapng', big, [{}] * len(OFTEN)
