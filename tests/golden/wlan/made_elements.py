"""Captures of management frames whose elements come in every legal variant, and in some that are not."""
import random
import struct

from wire import *

# A vendor's organisation and type, as they begin its elements
MICROSOFT, ALLIANCE, CISCO = b'\x00\x50\xf2', b'\x50\x6f\x9a', b'\x00\x40\x96'
AP = bytes.fromhex('020000000100')


def element(number, data):
    return bytes([number, len(data)]) + data


def extension(number, data):
    return element(255, bytes([number]) + data)


def suite(number, organisation=b'\x00\x0f\xac'):
    return organisation + bytes([number])


def bits(rng, size):
    return bytes(rng.randrange(256) for _ in range(size))


# --- Those that any beacon may have --------------------------------------------------------------------

def ssids(rng):
    return [b'', b'\0', bytes(7), bytes(32), b'a' * 32, b'office', 'Gäste'.encode(), b'caf\xe9', b'\xff\xfe\x00x', b' ', b'tab\there', bits(rng, 9)]


def ssid(rng):
    return element(0, rng.choice(ssids(rng)))


def rates(rng, low):
    plain = [0x82, 0x84, 0x8b, 0x96] if low else [0x8c, 0x12, 0x98, 0x24]
    more = rng.sample([0x0c, 0x12, 0x18, 0x24, 0x30, 0x48, 0x60, 0x6c], rng.randrange(0, 5))
    selectors = rng.sample([0xff, 0xfe, 0xfb], rng.randrange(2))
    first = element(1, bytes((plain + more + selectors)[:8]))
    return first + (element(50, bytes([0x30, 0x48, 0x60, 0x6c][:rng.randrange(1, 5)])) if rng.random() < 0.4 else b'')


def traffic(rng):
    return element(5, bytes([rng.randrange(3), rng.randrange(1, 5), rng.randrange(2), *bits(rng, rng.choice((1, 2, 30)))]))


def load(rng):
    """802.11e: stations, utilisation, admission capacity; Cisco's version 1: stations, utilisation, call admission limit."""
    old = struct.pack('<HBB', rng.randrange(2008), rng.randrange(101), rng.randrange(100))
    new = struct.pack('<HBH', rng.randrange(2008), rng.randrange(256), rng.randrange(31251))
    return element(11, rng.choice((old, new)))


def rsn(rng, least=5):
    """Every part may be left out, with all that follow it (9.4.2.24.1); tshark then leaves out the elements behind it, too."""
    pairwise = [suite(n) for n in rng.sample([1, 2, 4, 5, 8, 9, 10], rng.randrange(1, 4))]
    akms = [suite(n) for n in rng.sample(range(1, 21), rng.randrange(1, 5))]
    parts = [struct.pack('<H', 1), suite(rng.choice((2, 4, 7, 8))), struct.pack('<H', len(pairwise)) + b''.join(pairwise),
             struct.pack('<H', len(akms)) + b''.join(akms), bits(rng, 2),
             rng.choice((struct.pack('<H', 0), struct.pack('<H', 2) + bits(rng, 32))), suite(rng.choice((6, 11, 12, 13)))]
    return element(48, b''.join(parts[:rng.randrange(least, 8)]))


def wpa(rng, least=4):
    pairwise, akms = [suite(n, MICROSOFT) for n in (2, 4)], [suite(n, MICROSOFT) for n in (1, 2)]
    parts = [MICROSOFT + b'\1' + struct.pack('<H', 1), suite(2, MICROSOFT), struct.pack('<H', 2) + b''.join(pairwise),
             struct.pack('<H', 2) + b''.join(akms), bits(rng, 2)]
    return element(221, b''.join(parts[:rng.randrange(least, 6)]))


def wmm(rng):
    info = rng.randrange(256)
    if rng.random() < 0.3:
        return element(221, MICROSOFT + b'\2\0\1' + bytes([info]))
    categories = b''.join(bytes([aci << 5 | rng.randrange(2) << 4 | rng.randrange(2, 16), rng.randrange(256)]) + struct.pack('<H', rng.randrange(300))
                          for aci in range(4))
    return element(221, MICROSOFT + b'\2\1\1' + bytes([info, 0]) + categories)


def extended(rng):
    return element(127, bits(rng, rng.choice((1, 2, 3, 4, 6, 8, 9, 10, 11, 13, 16, 20))))


def simple(rng):
    """One of those with few variants."""
    return rng.choice((
        lambda: element(32, bits(rng, 1)), lambda: element(35, bits(rng, 2)), lambda: element(42, bits(rng, 1)),
        lambda: element(46, bits(rng, 1)), lambda: element(54, bits(rng, 3)), lambda: element(70, bits(rng, 5)),
        lambda: element(40, bits(rng, 6)), lambda: element(244, bits(rng, rng.randrange(1, 4))), lambda: element(59, bytes([115, 116, 118])),
        lambda: element(68, struct.pack('<H', 1) + bytes.fromhex('010000147201010000147201010000147201') + b'\0\0'),
        lambda: element(221, ALLIANCE + b'\x10\x10'), lambda: element(221, b'\x8c\xfd\xf0' + bits(rng, rng.randrange(1, 30))),
        lambda: element(221, b'\x00\x90\x4c\x04' + bits(rng, 9)),
        lambda: element(rng.choice((77, 99, 180, 222, 250)), bits(rng, rng.randrange(4, 40))),
        lambda: extension(rng.choice((55, 60, 200)), bits(rng, rng.randrange(8, 20)))))()


def cisco(rng):
    name = rng.choice((b'AP-1', b'', b'exactly sixteen!'))
    ccx1 = bits(rng, 10) + name.ljust(16, b'\0') + bytes([rng.randrange(100)]) + bits(rng, 3)
    return rng.choice((element(133, ccx1), element(150, CISCO + b'\0' + bytes([rng.randrange(30), 0])), element(221, CISCO + b'\3' + bytes([rng.randrange(1, 6)])),
                       element(221, CISCO + b'\x14\1'), element(221, CISCO + b'\x0b\1')))


def osen(_):
    return element(221, ALLIANCE + b'\x12' + suite(7) + struct.pack('<H', 1) + suite(4) + struct.pack('<H', 1) + ALLIANCE + b'\1' + b'\0\0')


# --- The channel ---------------------------------------------------------------------------------------

def country(rng, primary):
    """Rows of first channel, number of channels, largest power; operating classes; padding to an even length where it is."""
    rows = [1, 13, rng.randrange(10, 31)] if primary < 3000 else [36, 4, 23, 52, 4, 20, 100, 11, 27, 149, 5, 30][:3 * rng.randrange(1, 5)]
    rows = bytes(rows)
    if rng.random() < 0.3:
        rows += bytes([201, 115, 0, 36, 4, 17])
    body = rng.choice((b'DE ', b'US ', b'GBO', b'JPI', b'XX\x04')) + rows
    return element(7, body + (b'\0' if len(body) % 2 and rng.random() < 0.7 else b''))


def ht_capabilities(rng):
    return element(45, bits(rng, 2) + bits(rng, 1) + bytes([0xff] * rng.randrange(1, 5)).ljust(10, b'\0') + struct.pack('<H', 300) +
                   bytes([rng.choice((0, 1, 3, 7))]) + bytes(3) + bits(rng, 7))


def ht_operation(channel_number, offset, wide, second=0):
    return element(61, bytes([channel_number, offset | (4 if wide else 0)]) + struct.pack('<H', second << 5 | 1) + bytes(18))


def vht_map(rng):
    streams = rng.randrange(1, 9)
    return sum((rng.randrange(3) if i < streams else 3) << 2 * i for i in range(8))


def vht_capabilities(rng):
    return element(191, bits(rng, 4) + struct.pack('<HHHH', vht_map(rng), rng.randrange(8192), vht_map(rng), rng.randrange(8192)))


def he_capabilities(rng, wide=False):
    """MAC, PHY, maps of streams (further ones for 160 and 80+80 MHz), thresholds of packet extension."""
    phy = bytearray(bits(rng, 11))
    phy[0] = phy[0] & ~0x18 | (0x08 if wide else 0)
    maps = struct.pack('<HH', vht_map(rng), vht_map(rng)) + (struct.pack('<HH', vht_map(rng), vht_map(rng)) if wide else b'')
    phy[6] &= 0x7f  # no thresholds
    return extension(35, bits(rng, 6) + bytes(phy) + maps)


def he_operation(rng, of_vht=None, of_6ghz=None, hosted=False):
    parameters = rng.randrange(1 << 14) | (1 << 14 if of_vht else 0) | (1 << 15 if hosted else 0) | (1 << 17 if of_6ghz else 0)
    return extension(36, struct.pack('<I', parameters)[:3] + bytes([rng.randrange(64)]) + struct.pack('<H', 0xfffc) + (of_vht or b'') +
                     (b'\2' if hosted else b'') + (of_6ghz or b''))


def eht_operation(width, first, second, disabled=None):
    return extension(106, bytes([1 | (2 if disabled is not None else 0)]) + bytes.fromhex('44444444') + bytes([width, first, second]) +
                     (struct.pack('<H', disabled) if disabled is not None else b''))


def eht_capabilities(rng, most):
    return extension(108, bits(rng, 2) + bits(rng, 9) + bytes([most | most << 4] * 3))


def multi_link(rng):
    return extension(107, struct.pack('<H', 0x01b0) + bytes([13]) + bytes.fromhex('0200000009') + bytes([rng.randrange(256)]) + bytes([rng.randrange(16)]) +
                     bits(rng, 6))


WIDTHS = [20, 40, 80, 160, 320]


def low_band(rng):
    """2.4 GHz, by DSSS and perhaps HT: (frequency, elements of the channel, truth)."""
    number = rng.randrange(1, 15)
    mhz = 2484 if number == 14 else 2407 + 5 * number
    parts = [element(3, bytes([number]))] if rng.random() < 0.8 else []
    width, center = 20, mhz
    if rng.random() < 0.7 or not parts:
        offset = rng.choice((0, 1, 3))
        wide = rng.random() < 0.6 and number < 14
        parts += [ht_capabilities(rng), ht_operation(number, offset, wide)]
        if wide and offset:
            width, center = 40, mhz + (10 if offset == 1 else -10)
    if rng.random() < 0.3:
        parts.append(he_capabilities(rng))
        parts.append(he_operation(rng, hosted=rng.random() < 0.3))
    return mhz, parts, {'primary': str(mhz), 'width': str(width), 'center': str(center)}


def middle_band(rng):
    """5 GHz, up to 160 and 80+80 MHz, told in the ways of VHT 2013, of VHT 2016, and of HT operation with extended NSS."""
    start = rng.choice((36, 52, 100, 116, 132, 149))
    number = start + 4 * rng.randrange(4)
    mhz, kind = 5000 + 5 * number, rng.choice(('a', 'ht20', 'ht40', '80', '160', 'old160', '80+80', 'old80+80', 'ext160', 'he80'))
    truth = {'primary': str(mhz), 'width': '20', 'center': str(mhz)}
    parts = []
    if kind == 'a':
        return mhz, parts, truth
    above = (number - start) // 4 % 2 == 0
    center_80, center_160, far = start + 6, (50 if start < 100 else 114), (155 if start < 149 else 42)
    second = 0
    first = None
    if kind in ('160', 'old160', 'ext160') and start in (116, 132, 149):
        kind = '80'
    if kind == '80':
        first = (1, center_80, 0)
    elif kind == '160':
        first = (1, center_80, center_160)
    elif kind == 'old160':
        first = (2, center_160, 0)
    elif kind == '80+80':
        first = (1, center_80, far)
    elif kind == 'old80+80':
        first = (3, center_80, far)
    elif kind == 'ext160':
        first, second = (1, center_80, 0), center_160
    elif kind == 'ht40':
        first = (0, 0, 0) if rng.random() < 0.5 else None
    wide = kind != 'ht20'
    parts += [ht_capabilities(rng), ht_operation(number, 1 if above else 3, wide, second)]
    if wide:
        truth = {'primary': str(mhz), 'width': '40', 'center': str(mhz + (10 if above else -10))}
    if first:
        parts += [vht_capabilities(rng), element(192, bytes(first) + b'\xfc\xff')]
    if kind in ('80', '80+80', 'old80+80', 'he80'):
        truth.update(width='80' if '+' not in kind else '160', center=str(5000 + 5 * center_80))
    if '+' in kind:
        truth['center_2'] = str(5000 + 5 * far)
    if '160' in kind:
        truth.update(width='160', center=str(5000 + 5 * center_160))
    if kind == 'he80':
        parts += [he_capabilities(rng), he_operation(rng, of_vht=bytes((1, center_80, 0)), hosted=rng.random() < 0.5)]
    elif rng.random() < 0.4:
        parts += [he_capabilities(rng, '160' in kind), he_operation(rng)]
    return mhz, parts, truth


def high_band(rng):
    """6 GHz: HE operation, and EHT operation where it is wider or punctured."""
    group = rng.randrange(3)  # of 320 MHz
    lowest = 1 + 64 * group
    number = lowest + 4 * rng.randrange(16)
    mhz = 5950 + 5 * number

    def center(width):
        size = width // 5
        return lowest + (number - lowest) // size * size + size // 2 - 2
    width = rng.choice(WIDTHS)
    eht = width == 320 or rng.random() < 0.4
    he_width = min(width, 160)
    code = {20: 0, 40: 1, 80: 2, 160: 3}[he_width]
    centers = (number, 0) if he_width == 20 else (center(he_width), 0) if he_width < 160 else (center(80), center(160))
    regulatory = rng.randrange(8)
    of_6ghz = bytes([number, code | regulatory << 3, *centers, 6])
    parts = [he_capabilities(rng, he_width == 160), he_operation(rng, of_6ghz=of_6ghz, hosted=rng.random() < 0.3)]
    truth = {'primary': str(mhz), 'width': str(width), 'center': str(5950 + 5 * (number if width == 20 else center(width)))}
    if eht:
        disabled = rng.choice((None, 0, 2, 0x0c)) if width >= 80 else None
        first, second = {20: (number, 0), 40: (center(40), 0), 80: (center(80), 0), 160: (center(80), center(160)),
                         320: (center(160), center(320))}[width]
        parts += [eht_operation(WIDTHS.index(width), first, second, disabled), eht_capabilities(rng, 8), multi_link(rng)]
        truth['streams'] = '8'
        if disabled is not None:
            truth['punctured'] = str(disabled)
    return mhz, parts, truth


BANDS = [low_band, middle_band, high_band]
ANY_BAND = [traffic, load, rsn, wmm, extended, simple, simple, simple, cisco]


def beacon(subtype, body, sender=AP, fields=None):
    fixed = {8: struct.pack('<QHH', 1 << 33, 100, 0x1511), 5: struct.pack('<QHH', 1 << 33, 100, 0x1511), 4: b'', 0: struct.pack('<HH', 0x1511, 10),
             1: struct.pack('<HHH', 0x1511, 0, 0xc001), 2: struct.pack('<HH', 0x1511, 10) + AP, 3: struct.pack('<HHH', 0x1511, 0, 0xc001)}[subtype]
    receiver = b'\xff' * 6 if subtype in (4, 8) else bytes.fromhex('020000000201')
    return bytes([subtype << 4, 0, 0, 0]) + receiver + sender + sender + b'\x10\0' + fixed + body


def heard(frame, mhz):
    return radiotap({FLAGS: bytes([FCS_AT_END]), RATE: b'\x0c', CHANNEL: channel(mhz), SIGNAL: dbm(-60)}) + with_fcs(frame)


def count(parts):
    """Elements in them, fragments not counted."""
    number, at = 0, 0
    data = b''.join(parts)
    while at < len(data):
        number += data[at] != 242
        at += 2 + data[at + 1]
    return number


def variants():
    rng = random.Random(40)
    for _ in range(1500):
        mhz, parts, truth = rng.choice(BANDS)(rng)
        head = [ssid(rng), rates(rng, mhz < 3000)]
        others = [maker(rng) for maker in rng.sample(ANY_BAND, rng.randrange(len(ANY_BAND)))]
        if rng.random() < 0.1:
            others.append(wpa(rng))
        if rng.random() < 0.05:
            others.append(osen(rng))
        if rng.random() < 0.6:
            others.append(country(rng, mhz))
        rng.shuffle(others)
        body = head + others + parts if rng.random() < 0.7 else head + parts + others
        subtype = rng.choice((8, 8, 8, 5, 4, 0, 1, 2, 3))
        yield heard(beacon(subtype, b''.join(body)), mhz), {**truth, 'elements': str(count(body))}


def alone():
    """Each element alone in a beacon, so that nothing is left to chance."""
    rng = random.Random(41)
    for name in ssids(rng):
        yield heard(beacon(8, element(0, name)), 2412), {}
    for maker in [*ANY_BAND, wpa, osen, lambda rng: rsn(rng, 1), lambda rng: wpa(rng, 2), lambda rng: element(221, bits(rng, rng.randrange(4)))]:
        for _ in range(60):
            part = maker(rng)
            yield heard(beacon(8, part), 2412), {'elements': str(count([part]))}


# --- Those that speak of other BSSs, or lie ------------------------------------------------------------

def address(number):
    text = '%012x' % number
    return ':'.join(text[i:i + 2] for i in range(0, 12, 2))


def profile(index, name, more=b'', first=True):
    """Of a BSS without a beacon: capability, SSID, index (with DTIM in beacons), what differs."""
    inside = element(83, b'\x11\x15') + element(0, name) + element(85, bytes([index, 1, 0])) if first else b''
    return element(0, inside + more)


def sets_of_bssids(rng):
    for indicator in range(1, 9):
        for _ in range(4):
            own = rng.randrange(1 << indicator)
            indices = sorted(rng.sample(range(1, 1 << indicator), min(rng.randrange(1, 6), (1 << indicator) - 1)))
            parts = [profile(index, b'net-%d' % index, rsn(rng) if rng.random() < 0.5 else b'') for index in indices]
            split = rng.randrange(len(parts) + 1) if rng.random() < 0.4 else len(parts)  # into two elements
            body = b''.join(element(71, bytes([indicator]) + b''.join(some)) for some in (parts[:split], parts[split:])
                            if some and sum(map(len, some)) < 255)
            base = 0x020000000000 | rng.randrange(256) << 16 | own
            told_ones = [index for some in (indices[:split], indices[split:]) for index in some
                         if sum(map(len, parts[:split] if index in indices[:split] else parts[split:])) < 255]
            bssids = [address(base & ~((1 << indicator) - 1) | (own + index) % (1 << indicator)) for index in told_ones]
            truth = {'nontransmitted': ','.join(bssids) or None,
                     'bssid_bits': str(indicator) if body else None, 'elements': ANY, 'ssid': b'office'.hex(), OF_ELEMENTS: True}
            yield heard(beacon(8, element(0, b'office') + body, base.to_bytes(6, 'big')), 2412), truth


ROW_SIZES = {1: '', 2: 'p', 5: 's', 6: 'sp', 7: 'b', 8: 'bp', 9: 'bpw', 11: 'bs', 12: 'bsp', 13: 'bspw', 16: 'bspwm', 18: 'bspwm', 255: 'bspwm'}
CLASSES = {81: (6, 2437), 82: (14, 2484), 115: (36, 5180), 121: (100, 5500), 128: (42, 5210), 131: (37, 6135), 136: (2, 5935),
           134: (15, 6025), 200: (7, 0)}


def neighbors(rng):
    """Reduced neighbour reports (9.4.2.170): sets of rows, whose size tells what is in them."""
    for size, parts in ROW_SIZES.items():
        for _ in range(3):
            body, rows = b'', []
            for _ in range(rng.randrange(1, 3)):
                operating_class = rng.choice(list(CLASSES))
                number, mhz = CLASSES[operating_class]
                many = rng.randrange(1, 5) if size < 20 else 1
                one_set = struct.pack('<BBBB', (many - 1) << 4, size, operating_class, number)
                for _ in range(many):
                    bssid, parameters = rng.getrandbits(46) << 2, rng.randrange(256)
                    of_part = {'b': bssid.to_bytes(6, 'big'), 's': bits(rng, 4), 'p': bytes([parameters]), 'w': bits(rng, 1), 'm': bits(rng, 3)}
                    row = bytes([rng.randrange(256)]) + b''.join(of_part[part] for part in parts)
                    one_set += row.ljust(size, b'\0')
                    rows.append('%d/%d/%d/%s/%02x' % (operating_class, number, mhz, address(bssid) if 'b' in parts else '-',
                                                      parameters if 'p' in parts else 0))
                if len(body + one_set) > 255:
                    rows = rows[:-many]
                    break
                body += one_set
            yield heard(beacon(8, element(0, b'x') + (element(201, body) if body else b'')), 2412), \
                {'neighbors': ','.join(rows) or None, 'ssid': '78', 'elements': '2' if body else '1', OF_ELEMENTS: True}


def switches():
    announced = {37: bytes([1, 149, 5]), 60: bytes([0, 115, 44, 7])}
    for numbers, said in (((37,), '1,149,5'), ((60,), '0,44,7'), ((37, 60), '1,149,5'), ((60, 37), '0,44,7')):
        yield element(3, b'\x24') + b''.join(element(n, announced[n]) for n in numbers), \
            {'switch': said, 'dsss': '36', 'elements': str(1 + len(numbers))}


def doubles():
    """Of an element that comes twice the first counts; BSS Load comes in two versions."""
    first = element(48, bytes.fromhex('0100000fac040100000fac040100000fac018000'))
    second = element(48, bytes.fromhex('0100000fac020100000fac020100000fac020000'))
    of_first = {'rsn_group': '4', 'rsn_pairwise': '4', 'rsn_akm': '1', 'mfpr': '0', 'mfpc': '1'}
    yield first + second, {**of_first, 'elements': '2'}
    yield element(0, b'one') + element(0, b'two') + element(3, b'\x01') + element(3, b'\x06'), {'ssid': b'one'.hex(), 'dsss': '1', 'elements': '4'}
    yield element(11, bytes([1, 0, 77, 9])) + element(11, bytes([2, 0, 99, 4, 0])) + element(11, bytes([3, 0, 1, 1, 0])), \
        {'load1': '1,77', 'load': '2,99,4', 'elements': '3'}


def long_ones(rng):
    """An element of 255 bytes is continued by fragments (10.28.11); a fragment behind a shorter one is nobody's."""
    mld = '02:00:00:00:09:77'
    link = b'\x6b' + struct.pack('<H', 0x01b0) + bytes([13]) + bytes.fromhex('020000000977') + bytes([3]) + bits(rng, 400)
    yield element(255, link[:255]) + element(242, link[255:]) + element(3, b'\1'), {'mld': mld, 'dsss': '1', 'elements': '2'}
    data = bits(rng, 600)
    long_one = element(221, ALLIANCE + b'\x77' + data[:251])
    yield long_one + element(242, data[251:506]) + element(242, data[506:]) + element(3, b'\1'), {'dsss': '1', 'elements': '2'}
    yield long_one + element(242, data[251:300]) + element(242, b'xyz') + element(3, b'\1'), {'dsss': '1', 'elements': '3'}
    yield element(0, b'x') + element(242, b'stray') + element(3, b'\1'), {'ssid': '78', 'dsss': '1', 'elements': '3'}


def liars():
    """Lengths that lie, and elements shorter than what they are; what can be read is, and what is wrong is counted."""
    good, rates_of = element(3, b'\x0b'), element(1, b'\x82\x84')
    secure = element(48, bytes.fromhex('0100000fac040100000fac040100000fac018000'))
    said = {'dsss': '11', 'rates': '8284'}
    of_rsn = {'rsn_group': '4', 'rsn_pairwise': '4', 'rsn_akm': '1', 'mfpr': '0', 'mfpc': '1'}
    yield rates_of + good + bytes([48, 20, 1, 0]), {**said, 'elements': '2', 'malformed': '1'}
    yield rates_of + good + bytes([221, 255]) + bytes(40), {**said, 'elements': '2', 'malformed': '1'}
    yield rates_of + good + b'\x30', {**said, 'elements': '2', 'malformed': '1'}
    yield rates_of + element(255, b'') + good + secure, {**said, **of_rsn, 'elements': '4', 'malformed': '1'}
    yield rates_of + element(0, b'x' * 33) + good, {**said, 'elements': '3', 'malformed': '1'}
    for number, size in ((3, 0), (5, 2), (7, 2), (11, 3), (32, 0), (35, 1), (37, 2), (40, 5), (45, 25), (48, 1), (54, 2), (61, 21), (70, 4),
                         (191, 11), (192, 4)):
        yield element(number, bytes(size)) + rates_of + good, {**said, 'elements': '3', 'malformed': '1'}
    for number, size in ((35, 20), (36, 5), (106, 4), (108, 11), (107, 8)):
        yield extension(number, bytes(size)) + rates_of + good, {**said, 'elements': '3', 'malformed': '1'}
    yield element(48, bytes.fromhex('0100000fac04ff00000fac04')) + rates_of + good, {**said, 'rsn_group': '4', 'elements': '3', 'malformed': '1'}


def contradictions():
    """Channels that do not contain the primary channel are not believed; the wider element that can be counts."""
    rng = random.Random(42)
    ht = ht_operation(36, 1, True)
    plain = {'primary': '5180', 'elements': ANY, 'streams': ANY, 'ht_capabilities': ANY, 'vht_capabilities': ANY, 'color': ANY}
    wide = {**plain, 'width': '40', 'center': '5190'}
    yield ht + element(192, bytes([1, 155, 0, 0, 0])), wide
    yield ht + element(192, bytes([0, 42, 0, 0, 0])), wide
    yield ht + element(192, bytes([9, 42, 0, 0, 0])), wide
    yield ht_operation(36, 2, True), {**plain, 'width': '20', 'center': '5180'}
    yield ht + element(192, bytes([1, 42, 46, 0, 0])), {**plain, 'width': '80', 'center': '5210'}
    yield ht + element(192, bytes([1, 42, 0, 0, 0])) + eht_operation(4, 50, 31), {**plain, 'width': '80', 'center': '5210'}
    yield ht + element(192, bytes([1, 42, 0, 0, 0])) + eht_operation(7, 50, 31), {**plain, 'width': '80', 'center': '5210'}
    yield ht + element(192, bytes([1, 42, 50, 0, 0])) + extension(106, bytes(5)), {**plain, 'width': '160', 'center': '5250'}
    yield ht + element(192, bytes([1, 42, 50, 0, 0])) + eht_operation(3, 42, 50, 0x30), {**plain, 'width': '160', 'center': '5250', 'punctured': '48'}
    yield he_operation(rng, of_vht=bytes([1, 42, 50]), hosted=True) + ht, {**plain, 'width': '160', 'center': '5250'}


def limits():
    """The country's row of the primary channel; power that the access point announces."""
    base = element(3, b'\x28')
    channel_of = {'dsss': '40', 'country': 'DE', 'elements': '2'}
    yield base + element(7, b'DE ' + bytes([36, 4, 23, 52, 4, 20])), {**channel_of, 'country_dbm': '23'}
    yield base + element(7, b'DE ' + bytes([52, 4, 20, 36, 4, 0xff, 0])), {**channel_of, 'country_dbm': '-1'}
    yield base + element(7, b'DE ' + bytes([52, 4, 20])), channel_of
    yield base + element(7, b'DE ' + bytes([201, 131, 0, 36, 4, 14])), channel_of
    yield base + element(195, bytes([1, 46, 40])), {'dsss': '40', 'eirp_limit': '46', 'elements': '2'}
    yield base + element(195, bytes([0x19, 46, 40])), {'dsss': '40', 'elements': '2'}
    yield base + element(35, bytes([0xf4, 0])), {'dsss': '40', 'tx_power': '-12', 'elements': '2'}


def special():
    rng = random.Random(43)
    yield from sets_of_bssids(rng)
    yield from neighbors(rng)
    for body, truth in [*switches(), *doubles(), *long_ones(rng), *contradictions(), *limits()]:
        yield heard(beacon(8, body), 5180), {**{name: ANY for name in ('primary', 'width', 'center')}, OF_ELEMENTS: True, **truth}
    for body, truth in liars():
        yield heard(beacon(8, body), 2462), {**{name: ANY for name in ('primary', 'width', 'center')}, OF_ELEMENTS: True, **truth}


RADIOTAP = {'made-elements.pcap': variants, 'made-element.pcap': alone, 'made-special.pcap': special}


def captures():
    for name, frames in RADIOTAP.items():
        frames = list(frames())
        yield name, pcap([data for data, _ in frames], LINK_RADIOTAP), [truth for _, truth in frames]
