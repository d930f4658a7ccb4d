#!/usr/bin/env python3
"""The 802.11 decoders against tshark, frame by frame.

    compare.py [--write] [FILE|FOLDER]...   default: ../shared/captures/wlan, where it exists, and the rates

wlan-frames prints what the decoders say of each frame; here each of its values is put beside tshark's field. A value that only
one of the two has is a difference, too. Differences pass only when differences.md lists their file, value and number of frames,
with a reason; a row that no longer occurs fails as well. --write writes the differences found into the table, keeping the
reasons that stand there; new ones get none, and fail until somebody has found it.

Rates (rates.py): a capture is made with every combination of MCS, width, guard interval and streams that radiotap can tell of HT,
VHT and HE, and every rate is compared with wlan_radio.data_rate, where tshark 4.0 has one, and with a computation of its own. The
same is done with times on the air (airtime.py), and captures as many tools write them are made (made.py).
TOOLS tells where wlan-frames is (build).
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, OrderedDict

import airtime
import made
import rates
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
TABLE = os.path.join(HERE, 'differences.md')
FRAMES = os.path.join(os.environ.get('TOOLS', os.path.join(ROOT, 'build')), 'wlan-frames')
CAPTURES = os.path.join(ROOT, '..', 'shared', 'captures', 'wlan')
SEPARATOR = '\x1f'


def number(value):
    return str(int(value, 0)) if not value.startswith('-') else value


def flag(value):
    return {'True': '1', 'False': '0'}.get(value, value)


def first(convert=lambda v: v):
    return lambda values: convert(values[0])


def suites(values):
    return ','.join(str(n) for n in sorted({int(v, 0) for v in values}))


def data_rate(values):
    return str(round(float(values[-1]) * 1000)) if float(values[-1]) else None


FCS = {'1': 'good', '0': 'bad', 'Good': 'good', 'Bad': 'bad'}

# value of wlan-frames: field of tshark, and its values as wlan-frames writes them (None: has none)
FIELDS = {
    'time': ('frame.time_epoch', lambda v: v[0].replace('.', '')),
    'kind': ('wlan.fc.type_subtype', lambda v: str(int(v[0], 0) if int(v[0], 0) < 0x100 else int(v[0], 0) >> 4)),
    'ra': ('wlan.ra', first()), 'ta': ('wlan.ta', first()), 'bssid': ('wlan.bssid', first()),
    'sa': ('wlan.sa', ','.join), 'da': ('wlan.da', ','.join),
    'retry': ('wlan.fc.retry', first(flag)), 'pm': ('wlan.fc.pwrmgt', first(flag)),
    'protected': ('wlan.fc.protected', first(flag)),
    'seq': ('wlan.seq', first()), 'frag': ('wlan.frag', first()), 'duration': ('wlan.duration', first()),
    'tid': ('wlan.qos.tid', first(number)),
    'amsdu': ('wlan.qos.amsdupresent', lambda v: '1' if flag(v[0]) == '1' else None),
    'ethertype': ('llc.type', lambda v: ','.join(map(number, v))),
    'signal': ('radiotap.dbm_antsignal', first()), 'signal_db': ('radiotap.db_antsignal', first()),
    'noise': ('radiotap.dbm_antnoise', first()), 'frequency': ('radiotap.channel.freq', first()),
    'tsft': ('radiotap.mactime', first()), 'ampdu': ('radiotap.ampdu.reference', first(number)),
    'noise_db': ('radiotap.db_antnoise', first()), 'channel_flags': ('radiotap.channel.flags', first(number)),
    'fhss_set': ('radiotap.fhss.hopset', first()), 'fhss_pattern': ('radiotap.fhss.pattern', first()),
    'quality': ('radiotap.quality', first()), 'attenuation': ('radiotap.txattenuation', first()),
    'attenuation_db': ('radiotap.db_txattenuation', first()), 'power': ('radiotap.txpower', first()),
    'preamble': ('radiotap.flags.preamble', first(flag)),
    'rx_flags': ('radiotap.rxflags', first(number)), 'tx_flags': ('radiotap.txflags', first(number)),
    'data_retries': ('radiotap.data_retries', first()), 'xchannel_flags': ('radiotap.xchannel.flags', first(number)),
    'xchannel_mhz': ('radiotap.xchannel.freq', first()), 'xchannel': ('radiotap.xchannel.channel', first()),
    'mcs_known': ('radiotap.mcs.known', first(number)), 'ampdu_flags': ('radiotap.ampdu.flags', first(number)),
    'vht_group': ('radiotap.vht.gid', first()),
    'vht_aid': ('radiotap.vht.paid', first()), 'timestamp_ts': ('radiotap.timestamp.ts', first()),
    'he1': ('radiotap.he.data_1', first(number)), 'he2': ('radiotap.he.data_2', first(number)),
    'he3': ('radiotap.he.data_3', first(number)), 'he4': ('radiotap.he.data_4', first(number)),
    'he5': ('radiotap.he.data_5', first(number)), 'he6': ('radiotap.he.data_6', first(number)),
    'he_mu1': ('radiotap.he_mu.flags_1', first(number)), 'he_mu2': ('radiotap.he_mu.flags_2', first(number)),
    'zero_length': ('wlan_radio.zero_len_psdu.type', first(number)),
    'lsig1': ('radiotap.l_sig.data1', first(number)), 'lsig2': ('radiotap.l_sig.data2', first(number)),
    'signals': ('radiotap.dbm_antsignal', ','.join), 'antennas': ('radiotap.antenna', ','.join),
    'kbps': ('wlan_radio.data_rate', data_rate),
    'fcs': ('wlan.fcs.status', lambda v: FCS.get(v[0])),
    'bad_fcs': ('radiotap.flags.badfcs', lambda v: '1' if flag(v[0]) == '1' else None),
    'timestamp': ('wlan.fixed.timestamp', first(number)),
    'interval': ('wlan.fixed.beacon', lambda v: str(round(float(v[0]) / 0.001024) if '.' in v[0] else int(v[0], 0))),
    'capability': ('wlan.fixed.capabilities', first(number)), 'listen': ('wlan.fixed.listen_ival', first(number)),
    'status': ('wlan.fixed.status_code', first(number)), 'reason': ('wlan.fixed.reason_code', first(number)),
    'aid': ('wlan.fixed.aid', first(number)), 'algorithm': ('wlan.fixed.auth.alg', first(number)),
    'transaction': ('wlan.fixed.auth_seq', first(number)), 'category': ('wlan.fixed.category_code', first(number)),
    'current_ap': ('wlan.fixed.current_ap', first()),
    'ssid': ('wlan.ssid', first(lambda v: '' if v == '<MISSING>' else v)),
    'country': ('wlan.country_info.code', first()),
    'rsn_group': ('wlan.rsn.gcs.type', first(number)), 'rsn_pairwise': ('wlan.rsn.pcs.type', suites),
    'rsn_akm': ('wlan.rsn.akms.type', suites), 'rsn_group_management': ('wlan.rsn.gmcs.type', first(number)),
    'mfpr': ('wlan.rsn.capabilities.mfpr', first(flag)), 'mfpc': ('wlan.rsn.capabilities.mfpc', first(flag)),
    'wpa_group': ('wlan.wfa.ie.wpa.mcs.type', first(number)), 'wpa_pairwise': ('wlan.wfa.ie.wpa.ucs.type', suites),
    'wpa_akm': ('wlan.wfa.ie.wpa.type', suites),
    'wmm_qos_info': ('wlan.wfa.ie.wme.qos_info', first(number)),
    'mdid': ('wlan.mobility_domain.mdid', first(number)), 'ft': ('wlan.mobility_domain.ft_capab', first(number)),
    'dsss': ('wlan.ds.current_channel', first(number)), 'bss_transition': ('wlan.extcap.b19', first(flag)),
    'dtim': ('wlan.tim.dtim_period', first(number)), 'color': ('wlan.ext_tag.bss_color_information.bss_color', first(number)),
    'elements': ('wlan.tag.number', lambda v: str(len(v))),
    'constraint': ('wlan.powercon.local', first()), 'tx_power': ('wlan.tcprep.trsmt_pow', first()),
    'cisco_tx_power': ('wlan.aironet.dtpc', first()), 'erp': ('wlan.erp_info', first(number)),
    'ht_capabilities': ('wlan.ht.capabilities', first(number)), 'vht_capabilities': ('wlan.vht.capabilities', first(number)),
    'quiet': ('wlan.quiet.count', first()), 'bssid_bits': ('wlan.multiple_bssid', first(number)),
    'measurement': ('wlan.rmcap', lambda v: ''.join('%02x' % int(x, 0) for x in v[:5])), 'cisco_name': ('wlan.cisco.ccx1.name', first()),
    'cisco_clients': ('wlan.cisco.ccx1.clients', first()), 'ccx': ('wlan.aironet.version', first()),

}
OF_FRAME = set(list(FIELDS)[:list(FIELDS).index('ssid')])
# Those that are made of several fields.
FURTHER = ['udp.srcport', 'udp.dstport', 'udp.length', 'wlan.ba.control.ba_type', 'wlan.fixed.ssc.sequence', 'wlan.ba.bm',
           'wlan.supported_rates', 'wlan.extended_supported_rates', 'wlan.qbss.version', 'wlan.qbss.scount', 'wlan.qbss.cu',
           'wlan.qbss.adc', 'wlan.ht.info.primarychannel',
           'wlan.ht.info.secchanoffset', 'wlan.ht.info.chanwidth', 'wlan.vht.op.channelwidth', 'wlan.vht.op.channelcenter0',
           'wlan.vht.op.channelcenter1', 'wlan.wfa.ie.wme.acp.aci', 'wlan.wfa.ie.wme.acp.aifsn', 'wlan.wfa.ie.wme.acp.acm',
           'wlan.wfa.ie.wme.acp.ecw.min', 'wlan.wfa.ie.wme.acp.ecw.max', 'wlan.wfa.ie.wme.acp.txop_limit'] + \
          ['wlan.ht.mcsset.rxbitmask.' + part for part in ('0to7', '8to15', '16to23', '24to31')] + \
          ['wlan.vht.mcsset.rxmcsmap.ss%d' % i for i in range(1, 9)] + \
          ['wlan.ext_tag.he_mcs_map.max_he_mcs_80_rx_%d_ss' % i for i in range(1, 9)]
# Kinds of frame with elements that wlan-frames reads
MANAGEMENT = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x08, 0x0b}


def tshark(path):
    names = list(OrderedDict.fromkeys(field for field, _ in FIELDS.values())) + FURTHER
    command = ['tshark', '-n', '-r', path, '-o', 'wlan.check_checksum:TRUE', '-o', 'wlan.defragment:FALSE', '-o',
               'ppi.reassemble:FALSE', '-T', 'fields', '-E', 'separator=/t', '-E',
               'aggregator=' + SEPARATOR]
    for name in names:
        command += ['-e', name]
    result = subprocess.run(command, capture_output=True, text=True, errors='replace')
    if result.returncode:
        sys.exit('compare.py: tshark failed: ' + result.stderr)
    for line in result.stdout.split('\n')[:-1]:
        yield {name: value.split(SEPARATOR) for name, value in zip(names, line.split('\t')) if value}


def ours(path):
    result = subprocess.run([FRAMES, path], capture_output=True, text=True)
    if result.returncode:
        sys.exit('compare.py: %s %s failed: %s' % (FRAMES, path, result.stderr))
    for line in result.stdout.splitlines():
        yield dict(item.split('=', 1) for item in line.split('\t'))


def made_of_several(frame):
    """Values of wlan-frames that no single field of tshark is."""
    values = {}

    def numbers(name):
        return [int(flag(v), 0) for v in frame.get(name, [])]
    free = numbers('wlan.qbss.adc')
    for version, stations, used in zip(numbers('wlan.qbss.version'), numbers('wlan.qbss.scount'), numbers('wlan.qbss.cu')):
        if version == 2:
            values.setdefault('load', '%d,%d,%d' % (stations, used, free[0]))
        elif version == 1:
            values.setdefault('load1', '%d,%d' % (stations, used))
    columns = [numbers('wlan.wfa.ie.wme.acp.' + name) for name in ('aci', 'aifsn', 'acm', 'ecw.min', 'ecw.max', 'txop_limit')]
    for aci, *rest in zip(*columns):
        values['ac%d' % aci] = ','.join(map(str, rest))
    if 'wlan.ba.control.ba_type' in frame and frame['wlan.fc.type_subtype'] == ['0x0019']:
        kind = numbers('wlan.ba.control.ba_type')[0]
        values['ba_type'] = str(kind)
        if kind not in (0, 6):  # basic and GCR have no parts here
            values['ba_bitmaps'] = ','.join(frame.get('wlan.ba.bm', [])) or None
            values['ba_starts'] = ','.join(map(str, numbers('wlan.fixed.ssc.sequence'))) if values['ba_bitmaps'] else None
    ports = zip(numbers('udp.srcport'), numbers('udp.dstport'), numbers('udp.length'))
    datagrams = ['%d>%d/%d' % one for one in ports]
    if datagrams:
        values['udp'] = ','.join(datagrams)
    rates = [rate for name in ('supported', 'extended_supported') for rate in numbers('wlan.%s_rates' % name) if rate & 127 < 121]
    if rates:
        values['rates'] = bytes(rates).hex()
    streams = 0
    for i, part in enumerate(('0to7', '8to15', '16to23', '24to31')):
        if any(numbers('wlan.ht.mcsset.rxbitmask.' + part)[:1]):
            streams = max(streams, i + 1)
    for i in range(1, 9):
        for name in ('wlan.vht.mcsset.rxmcsmap.ss%d', 'wlan.ext_tag.he_mcs_map.max_he_mcs_80_rx_%d_ss'):
            if any(v != 3 for v in numbers(name % i)[:1]):
                streams = max(streams, i)
    if streams:
        values['streams'] = str(streams)
    values.update(channel(frame, numbers))
    return values


def channel(frame, numbers):
    """Primary channel, width and centre by HT and VHT operation; without them, 20 MHz where the frame says it is."""
    primary = numbers('wlan.ht.info.primarychannel') or numbers('wlan.ds.current_channel')
    heard = numbers('radiotap.channel.freq')
    if primary:
        low = heard[0] < 3000 if heard else primary[0] <= 14
        start = 2407 if low else 5000
        mhz = 2484 if low and primary[0] == 14 else start + 5 * primary[0]
    elif 'wlan.tag.number' not in frame:
        return {}
    elif heard and heard[0] > 5925:
        return {'primary': str(heard[0])}  # its width is in HE operation; here only stations speak
    elif heard and heard[0] > 4900:
        start, mhz = 5000, heard[0]
    else:
        return {}
    width, center = 20, mhz
    if numbers('wlan.ht.info.chanwidth') == [1] and numbers('wlan.ht.info.secchanoffset')[0] in (1, 3):
        width, center = 40, mhz + (10 if numbers('wlan.ht.info.secchanoffset')[0] == 1 else -10)
    if numbers('wlan.vht.op.channelwidth') == [1]:
        zero, one = numbers('wlan.vht.op.channelcenter0')[0], numbers('wlan.vht.op.channelcenter1')[0]
        width, center = (160, one) if one and abs(one - zero) == 8 else (80, zero)
        center = start + 5 * center
    return {'primary': str(mhz), 'width': str(width), 'center': str(center)}


def comparable(name, kind):
    """What is left out: fields that tshark has elsewhere than where they are compared."""
    if name in ('n', 'linktype', 'header', 'phy', 'malformed', 'us', 'slack_us', 'mhz', 'mld', 'country_dbm', 'eirp_limit') or name.startswith('phy'):
        return False
    if name == 'status':  # action frames have one, too
        return kind in MANAGEMENT
    of_elements = name in ('ssid', 'country', 'dsss', 'dtim', 'elements', 'mdid', 'ft', 'bss_transition', 'streams', 'color',
                           'primary', 'width', 'center', 'load', 'load1') or name.startswith(('rsn_', 'wpa_', 'wmm_', 'mfp')) or \
        name in ('ac0', 'ac1', 'ac2', 'ac3')
    return kind in MANAGEMENT or not of_elements


def truth_first(they, said):
    """What tshark says, where its maker does not say all of the frame, or of its elements."""
    if wire.NOTHING_ELSE in said:
        return {}
    return {name: value for name, value in they.items() if wire.OF_ELEMENTS not in said or name in OF_FRAME}


def compare_file(path, found, counts, truth=None):
    """found[(file, value)] = [frames, an example]. What the maker of a frame says of it comes before what tshark says."""
    file = os.path.basename(path)
    mine, theirs = list(ours(path)), list(tshark(path))
    if len(mine) != len(theirs) or truth is not None and len(mine) != len(truth):
        found[(file, 'frames')] = [1, str(len(mine)), str(len(theirs))]
        return
    for we, frame, said in zip(mine, theirs, truth or [{}] * len(mine)):
        they = {}
        for name, (field, convert) in FIELDS.items():
            value = convert(frame[field]) if field in frame else None
            if value is not None:
                they[name] = value
        they.update(made_of_several(frame))
        they = {**truth_first(they, said), **said}
        kind = int(we.get('kind', '-1'))
        counts['frames'] += 1
        for name in sorted(set(we) | set(they)):
            if name in ('primary', 'width', 'center') and name not in said and 'elements' not in we and 'elements' not in they:
                continue
            if not (name in said or comparable(name, kind)) or they.get(name) in (wire.ANY, True):
                continue
            counts['values'] += 1
            a, b = we.get(name), they.get(name)
            if a != b and not (name == 'kbps' and a and b and abs(int(a) - int(b)) <= 1):
                row = found.setdefault((file, name), [0, a or '-', b or '-', we['n']])
                row[0] += 1


def read_table():
    rows = {}
    with open(TABLE) as file:
        for line in file:
            cells = [cell.strip().strip('`') for cell in line.split('|')[1:-1]]
            if len(cells) == 6 and cells[0] not in ('file', '---'):
                rows[(cells[0], cells[1])] = (cells[2], cells[5])
    return rows


def write_table(found, table, files):
    with open(TABLE) as file:
        head = file.read().split('| file |')[0]
    rows = dict((key, value) for key, value in table.items() if key[0] not in files)
    with open(TABLE, 'w') as file:
        file.write(head + '| file | value | frames | decoders | tshark | why |\n|---|---|---|---|---|---|\n')
        for key in sorted(found):
            count, a, b = found[key][:3]
            file.write('| `%s` | `%s` | %d | `%s` | `%s` | %s |\n' % (*key, count, a, b, table.get(key, ('', ''))[1]))
        for key in sorted(rows):
            file.write('| `%s` | `%s` | %s | | | %s |\n' % (*key, *rows[key]))


def main():
    arguments = sys.argv[1:]
    write = '--write' in arguments
    paths = [a for a in arguments if a != '--write']
    found, counts, files = {}, Counter(), []
    if not paths and not os.path.isdir(CAPTURES):
        print('skip: %s is not there: only the rates are compared' % os.path.relpath(CAPTURES, ROOT))
    captures = []
    for path in paths or [CAPTURES]:
        captures += sorted(p for p in glob.glob(os.path.join(path, '*')) if os.path.isfile(p)) if os.path.isdir(path) else \
            [path] if os.path.exists(path) else []
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        truths = {} if paths else made.write(folder)
        for path in captures + sorted(truths):
            before = len(found)
            compare_file(path, found, counts, truths.get(path))
            files.append(os.path.basename(path))
            print('%s %s' % ('ok  ' if len(found) == before else 'diff', os.path.basename(path)))
        if not paths:
            failures += rates.compare(os.path.join(folder, 'rates.pcap'), ours, tshark, data_rate)
            failures += airtime.compare(os.path.join(folder, 'airtime.pcap'), ours)
    table = read_table()
    if write:
        write_table(found, table, files)
        table = read_table()
    for key in sorted(found):
        row = found[key]
        listed = table.get(key)
        if not listed or listed[0] != str(row[0]) or not listed[1]:
            print('%s: %s differs in %d frames, not as listed: decoders %s, tshark %s%s' %
                  (*key, row[0], row[1], row[2], ' (first: frame %s)' % row[3] if len(row) > 3 else ''))
            failures += 1
    for key in table:
        if key[0] in files and key not in found:
            print('%s: %s no longer differs: remove its row' % key)
            failures += 1
    print('%d files, %d frames, %d values compared; %d differences explained, %d not' %
          (len(files), counts['frames'], counts['values'], len(found) and sum(1 for k in found if k in table), failures))
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
