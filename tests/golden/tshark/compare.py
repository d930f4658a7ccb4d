#!/usr/bin/env python3
"""The independent truth test: voready-rtp against tshark, on real captures.

    compare.py [--write] [FILE|FOLDER]...   default: samples/captures and, where it exists, ../shared/captures/voice

For each capture, every stream that voready-rtp reports is computed again from the packets that tshark dissects
(recompute.py), every SIP message and RTCP report block is counted, and tshark's own `-z rtp,streams` is put beside it.
Counts have to agree exactly, jitter to 0.01 ms. A difference passes only when differences.md lists it with these
very numbers and a reason; one that is listed and no longer occurs fails as well. --write writes the differences found into that
table, keeping the reasons that stand there; new ones get none, and fail until somebody has found it.
A TLS key log NAME.keys beside a capture is given to both. BUILD tells where voready-rtp is (build).
"""
import glob
import ipaddress
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime, timezone
from itertools import zip_longest

from recompute import Packet, common_step, measure

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
TABLE = os.path.join(HERE, 'differences.md')
PROGRAM = os.path.join(ROOT, os.environ.get('BUILD', 'build'), 'voready-rtp')
FOLDERS = ['samples/captures', '../shared/captures/voice']

SEPARATOR = '\x1f'
FIELDS = """frame.number frame.time_epoch frame.protocols frame.interface_id vlan.id vxlan.vni gre.key ip.src ip.dst ip.len
    ip.dsfield.dscp ipv6.src ipv6.dst ipv6.plen ipv6.tclass.dscp udp.srcport udp.dstport udp.length tcp.srcport tcp.dstport
    tcp.stream tcp.len tcp.analysis.retransmission rtp.ssrc rtp.seq rtp.timestamp rtp.p_type rtp.marker rtp.setup-frame
    rtcp.ssrc.identifier rtcp.ssrc.cum_nr rtcp.ssrc.ext_high rtcp.ssrc.jitter sip.Call-ID sip.CSeq.method sip.CSeq.seq
    sip.Status-Code sip.Method sdp.media_attr""".split()
STATIC = {0: 8000, 3: 8000, 4: 8000, 5: 8000, 6: 16000, 7: 8000, 8: 8000, 9: 8000, 10: 44100, 11: 44100, 12: 8000, 14: 90000,
          15: 8000, 16: 11025, 17: 22050, 18: 8000, 25: 90000, 26: 90000, 28: 90000, 31: 90000, 32: 90000, 33: 90000,
          34: 90000}  # RFC 3551 tables 4 and 5; 13 is comfort noise
CLOCKS = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
TOLERANCE = {'rtp_bitrate_kbps': 0.001, 'rtp_duration_s': 1e-6, 'rtp_loss_percent': 1e-5,
             'rtp_loss_peak_5min_percent': 1e-5, 'rtp_dscp_46_percent': 1e-5, 'rtp_jitter_ms': 0.01,
             'rtp_jitter_mean_ms': 0.01, 'rtp_jitter_max_ms': 0.01, 'rtcp_jitter_max_ms': 0.001}  # the rest: exact


def nanoseconds(text):
    seconds, _, fraction = text.partition('.')
    return int(seconds) * 10**9 + int((fraction + '000000000')[:9])


def record_time(text):
    whole, _, fraction = text.rstrip('Z').partition('.')
    moment = datetime.strptime(whole, '%Y-%m-%dT%H:%M:%S').replace(tzinfo=timezone.utc)
    return nanoseconds('%d.%s' % (round(moment.timestamp()), fraction))


def endpoint(address, port):
    address = ipaddress.ip_address(address)
    return ('[%s]:%s' if address.version == 6 else '%s:%s') % (address, port)


class Frame:
    """One frame as tshark dissects it; headers are the innermost ones."""

    def __init__(self, line):
        self.all = {name: value.split(SEPARATOR) if value else [] for name, value in zip(FIELDS, line.split('\t'))}
        protocols = self.all['frame.protocols'][0].split(':')
        self.number, self.time = int(self.all['frame.number'][0]), nanoseconds(self.all['frame.time_epoch'][0])
        self.layers, self.embedded = set(protocols), 'icmp' in protocols or 'icmpv6' in protocols
        networks = [p for p in protocols if p in ('ip', 'ipv6')]
        self.usable = bool(networks) and not self.embedded and ('udp' in protocols or 'tcp' in protocols)
        if not self.usable:
            return
        ip, dscp = ('ip', 'ip.dsfield.dscp') if networks[-1] == 'ip' else ('ipv6', 'ipv6.tclass.dscp')
        transport = 'tcp' if 'tcp' in protocols else 'udp'
        self.source = endpoint(self.all[ip + '.src'][-1], self.all[transport + '.srcport'][-1])
        self.destination = endpoint(self.all[ip + '.dst'][-1], self.all[transport + '.dstport'][-1])
        self.dscp = int(self.all[dscp][-1])
        self.ip_length = int(self.all['ip.len'][-1]) if ip == 'ip' else int(self.all['ipv6.plen'][-1]) + 40
        below = [p for p in protocols[:len(protocols) - protocols[::-1].index(networks[-1])] if p != 'ethertype']
        self.path = (tuple(below), *(tuple(self.all[name]) for name in
                                     ('frame.interface_id', 'vlan.id', 'vxlan.vni', 'gre.key')))

    def first(self, name):
        return self.all[name][0] if self.all[name] else None


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace')
    partly = result.returncode == 5 or 'cut short' in result.stderr  # the end of the capture is missing
    if result.returncode and not partly:
        sys.exit('compare.py: %s failed:\n%s' % (' '.join(command), result.stderr))
    return result.stdout


def key_log(path):
    """The TLS key log beside a capture: NAME.keys."""
    keys = re.sub(r'\.\w+(\.gz)?$', '.keys', path)
    return keys if os.path.exists(keys) else None


def tshark_frames(path, decode_as=()):
    command = ['tshark', '-n', '-r', path, '--enable-heuristic', 'rtp_udp', '-T', 'fields', '-E', 'separator=/t', '-E',
               'aggregator=' + SEPARATOR, '-Y', 'rtp or rtcp or sip or tcp.len > 0 or (udp and data)']
    for rule in decode_as:
        command += ['-d', rule]
    for name in FIELDS:
        command += ['-e', name]
    if key_log(path):
        command += ['-o', 'tls.keylog_file:' + key_log(path)]
    frames = [Frame(line) for line in run(command).split('\n') if line]
    return [frame for frame in frames if frame.usable]


def tshark_totals(path):
    """tshark's own numbers: {(id without what follows the SSRC): (packets, lost, largest jitter)}."""
    totals = {}
    pattern = re.compile(r'(\S+) +(\d+) +(\S+) +(\d+) +0x([0-9A-F]{8}) +.*? +(\d+) +(-?\d+) \(\S+%\) +'
                         r'\S+ +\S+ +\S+ +\S+ +\S+ +(\S+)')
    output = run(['tshark', '-n', '-r', path, '--enable-heuristic', 'rtp_udp', '-q', '-z', 'rtp,streams'])
    for line in output.split('\n'):
        found = pattern.search(line)
        if found:
            source, sport, destination, dport, ssrc, packets, lost, jitter = found.groups()
            name = '%s>%s#0x%s' % (endpoint(source, sport), endpoint(destination, dport), ssrc.lower())
            totals.setdefault(name, []).append((int(packets), int(lost), float(jitter)))
    return totals


def stream_groups(frames):
    """RTP frames by stream: {id without what follows the SSRC: [frames of one path, ...]}, in order of first sight."""
    groups = defaultdict(dict)
    for frame in frames:
        if 'udp' in frame.layers and 'rtp' in frame.layers and frame.all['rtp.ssrc']:
            name = '%s>%s#%s' % (frame.source, frame.destination, frame.first('rtp.ssrc'))
            groups[name].setdefault(frame.path, []).append(frame)
    return {name: list(paths.values()) for name, paths in groups.items()}


# --- payloads: name and clock by SDP, RFC 3551, else by the rate of the timestamps ---------------------------------

def session_payloads(frames):
    """{frame number: {type: (name, clock)}} of each SDP; those of one call also know what its other SDPs say."""
    by_call, result = defaultdict(dict), {}
    for frame in frames:
        maps = [re.match(r'rtpmap:(\d+) ([^/]+)/(\d+)', a) for a in frame.all['sdp.media_attr']]
        result[frame.number] = {int(m[1]): (m[2].lower(), int(m[3])) for m in maps if m}
        by_call[frame.first('sip.Call-ID')].update(result[frame.number])
    return {frame.number: {**by_call[frame.first('sip.Call-ID')], **result[frame.number]} for frame in frames}


def estimated_clock(packets):
    """A clock in use within 10 % of the media rate and with a whole packet time; 90 kHz within 3 %; 0: none, or several."""
    ticks = sum((b.timestamp - a.timestamp + 2**31) % 2**32 - 2**31 for a, b in zip(packets, packets[1:]))
    seconds, step = (packets[-1].time - packets[0].time) / 1e9, common_step(packets)
    if len(packets) < 20 or seconds < 0.4 or not step:
        return 0
    if abs(ticks / seconds / 90000 - 1) < 0.03:
        return 90000
    fitting = [c for c in CLOCKS if abs(ticks / seconds / c - 1) < 0.1 and step * 400 % c == 0]
    return fitting[0] if len(fitting) == 1 else 0


def stream_packets(frames, sessions):
    """The frames of a stream as recompute.Packet."""
    payloads, seen = {}, []
    for frame in frames:
        kind = int(frame.first('rtp.p_type'))
        if kind not in payloads:
            named = next((sessions[f.number_of_setup][kind] for f in frames if kind in sessions.get(f.number_of_setup, {})), None)
            if named:
                payloads[kind] = ({'telephone-event': 'event', 'cn': 'noise'}.get(named[0], 'media'), named[1])
            elif kind == 13:
                payloads[kind] = ('noise', 8000)
            elif kind >= 96 and seen and frame.first('udp.length') == '24':
                payloads[kind] = ('event', 0)  # four bytes beside another type: RFC 4733 2.3
            else:
                payloads[kind] = ('media', STATIC.get(kind, 0))
        seen.append(Packet(frame.time, int(frame.first('rtp.seq')), int(frame.first('rtp.timestamp')), kind,
                           frame.first('rtp.marker') in ('1', 'True'), *payloads[kind], frame.dscp, frame.ip_length))
    for kind, (what, clock) in payloads.items():
        if what == 'media' and not clock:
            clock = estimated_clock([p for p in seen if p.type == kind])
            seen = [p._replace(clock=clock) if p.type == kind else p for p in seen]
    return seen


# --- what voready-rtp says ------------------------------------------------------------------------------------------

class Records:
    def __init__(self, path):
        self.streams, self.calls, self.messages, self.capture = [], {}, defaultdict(list), None
        keys = ['--keylog', key_log(path)] if key_log(path) else []
        for line in run([PROGRAM, '-q', '-o', '-', *keys, path]).split('\n'):
            record = json.loads(line) if line else {'record': None}
            kind = record.get('subject', {}).get('kind')
            if record['record'] == 'observation' and kind == 'rtp_stream':
                self.streams.append(record)
            elif record['record'] == 'observation' and kind == 'call':
                self.calls[record['subject']['id']] = record
            elif record['record'] == 'observation' and kind == 'capture':
                self.capture = record
            elif record['record'] == 'event' and record['kind'] == 'sip':
                self.messages[record['call_id']].append(record)


def dscp_counts(*texts):
    """"46 x10, 0 x2" as a Counter."""
    counts = Counter()
    for text in texts:
        for value, packets in re.findall(r'(\d+) x(\d+)', text or ''):
            counts[int(value)] += int(packets)
    return counts


def dscp_text(counts):
    return ', '.join('%d x%d' % pair for pair in sorted(counts.items())) or None


# --- the comparison -------------------------------------------------------------------------------------------------

def shown(value):
    return '-' if value is None else '%.3f' % value if isinstance(value, float) else str(value).replace('|', '/')


class Differences:
    """Those of one file: {(file, subject, what, voready, recomputed, tshark)}."""

    def __init__(self, path):
        self.file, self.rows, self.compared = os.path.basename(path), [], Counter()

    def compare(self, subject, what, ours, again, theirs='='):
        """`theirs`: tshark's own statistic, where it has one; "=": it has none."""
        tolerance = TOLERANCE.get(what, 0)
        self.compared['values'] += 1

        def differs(value):
            if isinstance(ours, (int, float)) and isinstance(value, (int, float)):
                return abs(ours - value) > tolerance
            return ours != value
        if differs(again) or (theirs != '=' and differs(theirs)):
            self.rows.append((self.file, subject, what, shown(ours), shown(again), '' if theirs == '=' else shown(theirs)))


def compare_stream(found, record, packets, totals):
    subject, metrics = record['subject']['id'], record['metrics']
    types = Counter(p.type for p in packets if p.kind == 'media') or Counter(p.type for p in packets)
    main = record['subject'].get('payload_type')
    found.compare(subject, 'payload_type', main, types.most_common(1)[0][0])
    clock = next((p.clock for p in packets if p.type == main), 0)
    found.compare(subject, 'clock_hz', record['subject'].get('clock_hz'), clock or None)
    if 'clock_hz' not in record['subject']:  # so that one difference does not become ten
        packets = [p._replace(clock=0) if p.type == main else p for p in packets]
    again = measure(packets)
    own = totals or (None, None, None)
    statistic = dict(zip(('rtp_packets', 'rtp_lost_packets', 'rtp_jitter_max_ms'), own))
    if own[2] == 0 and 'rtp_jitter_max_ms' not in again:
        statistic['rtp_jitter_max_ms'] = None  # 0.000 is what it prints when it has none
    for name, value in again.items():
        if name != 'dscp':
            found.compare(subject, name, metrics.get(name), value, statistic.get(name, '='))
    for name in ('rtp_jitter_ms', 'rtp_jitter_mean_ms', 'rtp_jitter_max_ms', 'rtp_bitrate_kbps'):
        if name not in again:
            found.compare(subject, name, metrics.get(name), None, statistic.get(name, '='))
    most = dict(again['dscp'].most_common(4))
    found.compare(subject, 'dscp', dscp_text(dscp_counts(record['subject'].get('dscp'))), dscp_text(most))
    return clock


def compare_reports(found, record, frames, streams, clock):
    """RTCP report blocks about a stream: sent from where it goes to, to where it comes from (RFC 3550 6.4.1)."""
    name, metrics = record['subject']['id'], record['metrics']
    source, destination = (e.rsplit(':', 1)[0] for e in re.split('[>#]', name)[:2])
    ssrc = re.search('#(0x.{8})', name)[1]
    alone = sum(ssrc in s['subject']['id'] for s in streams) == 1
    blocks = []
    for frame in frames:
        if 'rtcp' in frame.layers:
            exact = (frame.source.rsplit(':', 1)[0], frame.destination.rsplit(':', 1)[0]) == (destination, source)
            blocks += [block for block in zip(*(frame.all['rtcp.ssrc.' + field] for field in
                                                ('identifier', 'cum_nr', 'ext_high', 'jitter')))
                       if block[0] == ssrc and (exact or alone)]
    found.compare(name, 'rtcp_reports', metrics.get('rtcp_reports'), len(blocks))
    if not blocks:
        return
    expected = int(blocks[-1][2]) - int(blocks[0][2])
    if len(blocks) > 1 and expected > 0:
        found.compare(name, 'rtcp_expected_packets', metrics.get('rtcp_expected_packets'), expected)
        found.compare(name, 'rtcp_lost_packets', metrics.get('rtcp_lost_packets'), int(blocks[-1][1]) - int(blocks[0][1]))
    if clock:
        found.compare(name, 'rtcp_jitter_max_ms', metrics.get('rtcp_jitter_max_ms'), 1000 * max(int(b[3]) for b in blocks) / clock)


def with_unrecognised(records, frames, path):
    """Frames of flows that tshark does not recognise are dissected once more: as RTP on the ports of streams that it does not
    know, as RTCP on those above a stream's. What it recognised by itself stays as it was."""
    names = [record['subject']['id'] for record in records.streams]
    known = stream_groups(frames)
    ports = {int(port) for name in names for port in re.findall(r':(\d+)[>#]', name)}
    unknown = {int(re.search(r':(\d+)#', name)[1]) for name in names if re.split('[@%]', name)[0] not in known}
    plain = {int(frame.first('udp.' + end)) for frame in frames if {'udp', 'data'} <= frame.layers and 'tcp' not in frame.layers
             for end in ('srcport', 'dstport')}
    rules = ['udp.port==%d,rtp' % port for port in sorted(unknown)]
    rules += ['udp.port==%d,rtcp' % port for port in sorted(plain - ports) if port - 1 in ports]
    recognised = {frame.number for frame in frames if frame.layers & {'rtp', 'rtcp', 'sip', 'tcp'}}
    again = tshark_frames(path, rules) if rules else []
    frames = [f for f in frames if f.number in recognised] + [f for f in again if f.number not in recognised]
    return sorted(frames, key=lambda frame: frame.number), known


def pair_streams(records, groups):
    """(record or None, frames or None, id) of every stream of either side. Those that differ only in what follows the SSRC in
    an id (encapsulation, interface) are paired in order of first sight."""
    ours = defaultdict(list)
    for record in sorted(records.streams, key=lambda r: record_time(r['time'])):
        ours[re.split('[@%]', record['subject']['id'])[0]].append(record)
    for name in sorted(set(ours) | set(groups)):
        theirs = sorted(groups.get(name, []), key=lambda group: group[0].time)
        for record, group in zip_longest(ours.get(name, []), theirs):
            yield record, group, record['subject']['id'] if record else name


def compare_streams(found, records, frames, path):
    totals, sessions = tshark_totals(path), session_payloads(frames)
    frames, known = with_unrecognised(records, frames, path)
    for record, group, name in pair_streams(records, stream_groups(frames)):
        statistics = totals.get(re.split('[@%]', name)[0], [])
        own = statistics[0] if len(statistics) == 1 else None  # several: which is which is not told
        recognised = group and re.split('[@%]', name)[0] in known
        found.compare(name, 'stream', 'yes' if record else 'no', 'yes' if recognised else 'no', 'yes' if statistics else 'no')
        if not record or not group:
            continue
        for frame in group:
            frame.number_of_setup = int(frame.first('rtp.setup-frame') or 0)
        found.compared['streams'] += 1
        clock = compare_stream(found, record, stream_packets(group, sessions), own)
        compare_reports(found, record, frames, records.streams, clock)


# --- SIP --------------------------------------------------------------------------------------------------------------

def sip_messages(frames):
    """{Call-ID: [(frame, CSeq number, CSeq method)]} and {Call-ID: [(CSeq method, "200" or "INVITE")]}."""
    messages, texts = defaultdict(list), defaultdict(list)
    for frame in frames:
        calls, methods = frame.all['sip.Call-ID'], frame.all['sip.CSeq.method']
        for call, method, number in zip(calls, methods, frame.all['sip.CSeq.seq']):
            messages[call].append((frame, int(number), method))
        status, requests = frame.all['sip.Status-Code'], frame.all['sip.Method']
        if status and requests and len(set(calls)) > 1:
            continue  # several messages in one segment, of several calls: which is which is not told
        for call, method, text in zip(calls, methods, status + requests):
            texts[call].append((method, text))
    return messages, texts


def compare_call(found, record, ladder, messages, texts):
    call, metrics, subject = record['subject']['id'], record['metrics'], record['subject']
    found.compare(call, 'sip_packets', metrics.get('sip_packets'), len(messages))
    found.compare(call, 'sip messages', len(ladder), len(messages))
    ours = Counter((record_time(m['time']), m['from'], m['to'], m['cseq'], m['dscp']) for m in ladder)
    again = Counter((f.time, f.source, f.destination, number, f.dscp) for f, number, _ in messages)
    found.compare(call, 'times, addresses, CSeq and DSCP that differ', sum(((ours - again) + (again - ours)).values()), 0)
    ours, again = Counter(m['text'].split(' ')[0] for m in ladder), Counter(text for _, text in texts)
    found.compare(call, 'methods and codes that differ', sum(((ours - again) + (again - ours)).values()), 0)
    finals = [int(text) for method, text in texts if method == 'INVITE' and text.isdigit() and int(text) >= 200]
    found.compare(call, 'sip_final_code', metrics.get('sip_final_code'), finals[-1] if finals else None)
    ours = dscp_counts(subject.get('dscp_from_caller'), subject.get('dscp_from_callee'))
    found.compare(call, 'dscp', dscp_text(ours), dscp_text(Counter(f.dscp for f, _, _ in messages)))


def compare_sip(found, records, frames):
    messages, texts = sip_messages(frames)
    invited = {call for call, list_ in messages.items() if any(method == 'INVITE' for _, _, method in list_)}
    for call in sorted(invited | {c for c in records.calls if not c.startswith('tls ')}):
        found.compare(call, 'call', 'yes' if call in records.calls else 'no', 'yes' if call in messages else 'no')
        if call in records.calls and call in messages:
            found.compared['calls'] += 1
            compare_call(found, records.calls[call], records.messages[call], messages[call], texts[call])
    connections = {frame.first('tcp.stream') for frame in frames if 'sip' in frame.layers and 'tcp' in frame.layers}
    connections |= {frame.first('tcp.stream') for frame in frames if 'tls' in frame.layers and
                    {frame.first('tcp.srcport'), frame.first('tcp.dstport')} & {'5061', '5161'}}  # SIP, if hidden
    packets = [f for f in frames if 'tcp' not in f.layers and 'sip' in f.layers or 'tcp' in f.layers and
               f.first('tcp.stream') in connections and f.first('tcp.len') != '0' and not f.all['tcp.analysis.retransmission']]
    marked = sum(f.dscp == 40 for f in packets)
    metrics = records.capture['metrics'] if records.capture else {}
    found.compare('capture', 'sip_packets', metrics.get('sip_packets', 0), len(packets))
    if packets:
        found.compare('capture', 'sip_dscp_40_percent', metrics.get('sip_dscp_40_percent'), 100 * marked / len(packets))


# --- the table of differences -----------------------------------------------------------------------------------------

def read_table():
    rows, head = {}, []
    for line in open(TABLE, encoding='utf-8') if os.path.exists(TABLE) else []:
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if line.startswith('| `'):
            rows[tuple(cell.strip('`') for cell in cells[:6])] = cells[6] if len(cells) > 6 else ''
        elif not rows:
            head.append(line)
    return head, rows


def write_table(head, rows):
    with open(TABLE, 'w', encoding='utf-8') as table:
        table.writelines(head)
        for row in sorted(rows):
            table.write('| %s | %s |\n' % (' | '.join('`%s`' % cell if cell else '' for cell in row), rows[row]))


def captures(arguments):
    files = []
    for argument in arguments or [os.path.join(ROOT, folder) for folder in FOLDERS]:
        if os.path.isdir(argument):
            inside = [name for name in sorted(glob.glob(os.path.join(argument, '*'))) if re.search(r'\.p?cap(ng)?(\.gz)?$', name)]
            if not inside:
                print('skipped: no capture in %s' % os.path.relpath(argument, ROOT))
            files += inside
        elif os.path.exists(argument):
            files.append(argument)
        elif not arguments:
            print('skipped: the folder %s does not exist' % os.path.relpath(argument, ROOT))
        else:
            sys.exit('compare.py: there is no %s' % argument)
    return files


def main():
    arguments = [a for a in sys.argv[1:] if a != '--write']
    if not os.access(PROGRAM, os.X_OK):
        sys.exit('compare.py: %s is missing; run make first, or set BUILD' % os.path.relpath(PROGRAM, ROOT))
    write, failed, (head, table) = '--write' in sys.argv, 0, read_table()
    for path in captures(arguments):
        found = Differences(path)
        records, frames = Records(path), tshark_frames(path)
        compare_streams(found, records, frames, path)
        compare_sip(found, records, frames)
        listed = {row for row in table if row[0] == found.file}
        if write:
            for row in listed - set(found.rows):
                del table[row]
            table.update({row: table.get(row, '') for row in found.rows})
            listed = set(found.rows)
        new = [row for row in found.rows if not table.get(row)]
        gone = sorted(listed - set(found.rows))
        failed += len(new) + len(gone)
        print('%s: %d streams, %d calls, %d values compared; %d differences explained%s' % (
            found.file, found.compared['streams'], found.compared['calls'], found.compared['values'],
            len(found.rows) - len(new), ', %d not' % len(new) if new else ''))
        for row in new:
            print('  NOT EXPLAINED  %s  %s: voready %s, from tshark\'s packets %s%s' % (
                *row[1:5], ', tshark\'s own statistic %s' % row[5] if row[5] else ''))
        for row in gone:
            print('  NO LONGER SO   %s  %s: listed with %s, %s, %s' % row[1:])
    if write:
        write_table(head, table)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
