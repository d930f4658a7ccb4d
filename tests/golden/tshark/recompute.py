"""What is measured of one RTP stream, computed again the slow and plain way: the whole stream is at hand, so nothing is
kept in windows or settled as it goes. From the definitions only: core/metrics.def, the comments of
core/estimate/sequence.h, delay.h, jitter.h and window.h, and RFC 3550 A.1, A.3, A.8. Shares no code with the programs.
"""
from collections import Counter, namedtuple

# time: ns; sequence and timestamp as on the wire; kind: media, event or noise; clock: Hz, 0 when not known
Packet = namedtuple('Packet', 'time sequence timestamp type marker kind clock dscp ip_length')
Placed = namedtuple('Placed', 'index packet position resumes step')  # step: the commonest one before it

WINDOW, DROPOUT, YOUNG, PATIENCE = 256, 3000, 16, 10 * 10**9  # sequence.h
BLOCK, JUMP, AHEAD = 10 * 10**9, 500e6, 5                      # delay.h
WORST_S, WORST_SAMPLES = 300, 250                              # window.h


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def common_step(packets):
    """The commonest timestamp step between neighbours; 0 when there is none."""
    steps = Counter()
    media = [p for p in packets if p.kind == 'media']
    for a, b in zip(media, media[1:]):
        step = signed(b.timestamp - a.timestamp, 32)
        if signed(b.sequence - a.sequence, 16) == 1 and step > 0:
            steps[step] += 1
    return steps.most_common(1)[0][0] if steps else 0


class Sequence:
    """Gives every packet its position, and tells losses, copies, restarts and strays (sequence.h; RFC 3550 A.1, A.3)."""

    def __init__(self, packets):
        self.packets = packets
        self.steps = []         # timestamp steps between the neighbours of this segment, the last 100
        self.segments = []      # one dict {position: arrival} from one restart to the next
        self.duplicates = self.reordered = self.strays = self.old_run = 0
        self.counted = -1       # index of the last packet that was counted ahead
        self.stray = None       # that was seen since the last packet that was taken in
        self.placed = []        # first copies in order of arrival
        self.latest = None      # the packet with a media timestamp at the highest position, and that position
        for index, packet in enumerate(packets):
            self.take(index, packet)

    def begin(self, index, packet):
        self.segments.append({})
        self.steps = []
        self.base = self.highest = (1 << 32) + packet.sequence
        self.latest = (packet, self.highest)
        self.put(index, packet, self.highest, resumes=True)

    def put(self, index, packet, position, resumes=False):
        common = self.step if packet.marker else 0
        step = signed(packet.timestamp - self.latest[0].timestamp, 32)
        if packet.kind == 'media' and position == self.latest[1] + 1 and step > 0:
            self.steps = self.steps[-99:] + [step]
        self.old_run, self.stray = 0, None
        self.segments[-1][position] = packet.time
        self.highest, self.base = max(self.highest, position), min(self.base, position)
        self.committed = packet.time
        self.placed.append(Placed(index, packet, position, resumes, common))
        if packet.kind == 'media' and position >= self.latest[1]:
            self.latest = (packet, position)

    @property
    def step(self):
        """The commonest timestamp step of late; 0 when there is none."""
        return Counter(self.steps).most_common(1)[0][0] if self.steps else 0

    def ticks(self, packet):
        return signed(packet.timestamp - self.latest[0].timestamp, 32)

    def timely(self, packet):
        """Timestamps moved as time did, within two seconds and half of the time."""
        passed = (packet.time - self.latest[0].time) / 1e9
        return packet.clock and abs(self.ticks(packet) / packet.clock - passed) <= 2 + max(passed, 0) / 2

    def fits(self, packet, delta):
        """Is it a neighbour of the highest position, by number and by timestamp?"""
        if not -WINDOW < delta < DROPOUT:
            return False
        step, ticks, clock = self.step, self.ticks(packet), packet.clock
        if packet.kind != 'media' or not clock or not step or clock != self.latest[0].clock:
            return True  # timestamps of another clock tell nothing
        if delta <= 0:
            return -60 * clock <= ticks <= 2 * clock
        distance = self.highest + delta - self.latest[1]
        if ticks == distance * step:
            return True
        too_little = clock != 90000 and distance * step > 8 * ticks + 2 * clock
        wraps_more = ticks > 65536 * step and (ticks - distance * step) % (65536 * step) == 0
        return self.timely(packet) and not too_little and not wraps_more

    def far_back(self, packet, delta):
        """A copy from long ago: as far back in timestamps as in numbers, and not many in a row."""
        distance = self.highest + delta - self.latest[1]
        again = packet.kind == 'media' and self.step and delta < 0 and self.ticks(packet) == distance * self.step
        return again and self.old_run < YOUNG

    def confirmed(self, index, packet):
        """A jump counts when the next packet lies near it and not near the old sequence. Copies of either and old packets tell
        nothing: these are counted at once. None: it is a stray."""
        between = []
        for other in self.packets[index + 1:]:
            delta = signed(other.sequence - self.highest, 16)
            old = self.fits(other, delta)
            if other.sequence == packet.sequence or old and self.highest + delta in self.segments[-1]:
                between.append('copy')
            elif not old and self.far_back(other, delta):
                between.append('stray')
            elif not old and abs(signed(other.sequence - packet.sequence, 16)) <= YOUNG:
                return between
            else:
                return None
        return None

    def leap(self, packet, delta):
        """How many packets a confirmed jump lost, by its timestamp; None: a restart."""
        near = delta & 0xffff
        if packet.kind != 'media' or not self.step:
            return near if near < DROPOUT else None
        since = self.highest - self.latest[1]
        ticks = (packet.timestamp - self.latest[0].timestamp) & 0xffffffff
        for distance in range(near or 65536, (1 << 32) // self.step + 1, 65536):
            if (distance + since) * self.step & 0xffffffff == ticks:
                return distance
        return near if self.timely(packet) and near * self.step <= ticks else None

    def too_late(self, position):
        """Its loss was final: a later number had come, and PATIENCE had passed."""
        if position < self.base:
            return self.highest - self.base >= YOUNG or self.highest - position > YOUNG
        after = min(p for p in self.segments[-1] if p > position)
        return self.highest - self.base >= YOUNG and self.segments[-1][after] <= self.committed - PATIENCE

    def take(self, index, packet):
        if index <= self.counted:
            return None
        if not self.segments:
            return self.begin(index, packet)
        delta = signed(packet.sequence - self.highest, 16)
        if delta == 1:
            return self.put(index, packet, self.highest + 1)
        if not self.fits(packet, delta):
            return self.take_far(index, packet, delta)
        position = self.highest + delta
        if delta > 0:
            self.put(index, packet, position)
        elif position in self.segments[-1]:
            self.duplicates += 1
        elif self.too_late(position):
            self.strays += 1
        else:
            self.reordered += 1
            self.put(index, packet, position)
        return None

    def take_far(self, index, packet, delta):
        if self.far_back(packet, delta):
            self.strays += 1
            self.old_run += 1
            return
        between = self.confirmed(index, packet)
        if between is None:
            # a copy of the stray before it, or another stray
            repeated = self.stray and self.stray.sequence == packet.sequence
            self.duplicates += bool(repeated)
            self.strays += not repeated
            self.stray = packet
            return
        self.duplicates += between.count('copy')
        self.strays += between.count('stray')
        self.counted = index + len(between)
        distance = self.leap(packet, delta)
        if distance is None:
            self.begin(index, packet)
        else:
            self.put(index, packet, self.highest + distance)

    def runs(self):
        """(count, newest arrival before, arrival after but not before that) of each run of lost packets."""
        newest = self.placed[0].packet.time
        for segment in self.segments:
            order = sorted(segment)
            for a, b in zip(order, order[1:] + [None]):
                newest = max(newest, segment[a])
                if b and b > a + 1:
                    yield b - a - 1, newest, max(newest, segment[b])


class Transit:
    """Jitter of the first copies in order of arrival (delay.h, jitter.h; RFC 3550 A.8)."""

    def __init__(self, sequence):
        self.samples, self.jitter, self.jumps, self.talkspurts = [], 0.0, 0, 0
        self.last = None          # last media packet
        self.transit, self.blocks = 0.0, {}
        judged = -1               # index of the last packet that a judgement covers
        resumes, latest, previous = False, None, None
        for index, packet, position, restart, step in sequence.placed:
            if restart:
                self.restart()
            elif previous and packet.kind == 'media' and previous.type != packet.type:
                self.restart()    # another codec
            resumes |= restart
            if packet.kind != 'media':
                resumes = True    # the next media packet comes after an event or comfort noise
                continue
            previous = packet
            if packet.clock:
                if index > judged and self.jumps_at(packet):
                    ahead = [p for p in sequence.packets[index:index + AHEAD] if p.kind == 'media']
                    judged = index + AHEAD - 1
                    if self.clock_moved(ahead):
                        self.jumps += 1
                        self.restart()
                silence = not restart and self.ends_silence(packet, position, latest, step)
                self.talkspurts += silence
                self.add(packet, resumes or silence)
                resumes = False
            if restart or latest is None or position >= latest[1]:
                latest = (packet, position)

    @staticmethod
    def ends_silence(packet, position, latest, step):
        """A marker after more media time than the packets in between account for (RFC 3551 4.1)."""
        if not packet.marker or latest is None or not step or packet.clock == 90000:
            return False
        return signed(packet.timestamp - latest[0].timestamp, 32) > (position - latest[1] + 0.5) * step

    def restart(self):
        self.last = None

    def change(self, packet):
        media = signed(packet.timestamp - self.last.timestamp, 32) * 1e9 / packet.clock
        return packet.time - self.last.time - media

    def smallest(self):
        """Smallest transit of this block of 10 s and the one before."""
        now = (self.last.time - self.origin) // BLOCK
        return min(self.blocks.get(now, 1e30), self.blocks.get(now - 1, 1e30))

    def jumps_at(self, packet):
        if not self.last:
            return False
        change = self.change(packet)
        return abs(change) > JUMP and abs(self.transit + change - self.smallest()) > JUMP

    def clock_moved(self, ahead):
        """The sender's clock moved, unless the network held packets back: then one is late alone, or they come at once."""
        transits = [self.transit + self.change(p) for p in ahead]
        if transits[0] < self.smallest():
            return True
        if len(ahead) == 1 or any(abs(t - self.smallest()) < JUMP for t in transits[1:]):
            return False
        media = signed(ahead[-1].timestamp - ahead[0].timestamp, 32) * 1e9 / ahead[0].clock
        return ahead[-1].time - ahead[0].time >= media / 2

    def add(self, packet, resumes):
        if self.last:
            change = self.change(packet)
            self.transit += change
            if not resumes:
                self.jitter += (abs(change) - self.jitter) / 16
                self.samples.append(self.jitter)
        else:
            self.origin, self.transit, self.blocks = packet.time, 0.0, {}
        self.last = packet
        block = (packet.time - self.origin) // BLOCK
        self.blocks[block] = min(self.blocks.get(block, 1e30), self.transit)


def worst_window(sequence, start):
    """(percent, expected, start second) of the worst 300 s (window.h); brute force over all windows."""
    received, lost = Counter(), Counter()
    for placed in sequence.placed:
        received[max(placed.packet.time - start, 0) // 10**9] += 1
    for count, before, after in sequence.runs():
        for i in range(1, count + 1):
            lost[int((before - start + (after - before) * i / (count + 1)) // 10**9)] += 1
    last = max(max(received), max(lost, default=0))
    best = {}
    for end in range(min(WORST_S - 1, last), last + 1) if last >= WORST_S - 1 else [last]:
        seconds = range(max(end - WORST_S + 1, 0), end + 1)
        gone = sum(lost[s] for s in seconds)
        expected = gone + sum(received[s] for s in seconds)
        enough = expected >= WORST_SAMPLES
        if expected and (enough not in best or gone / expected > best[enough][0]):
            best[enough] = (gone / expected, expected, seconds[0])
    ratio, expected, second = best.get(True) or best[False]
    return 100 * ratio, expected, second


def measure(packets):
    """All metrics of a stream by name; those that cannot be had are absent."""
    sequence = Sequence(packets)
    transit = Transit(sequence)
    expected = sum(max(s) - min(s) + 1 for s in sequence.segments)
    unique = len(sequence.placed)
    start, end = packets[0].time, max(p.time for p in packets)
    percent, window_packets, window_start = worst_window(sequence, start)
    dscp = Counter(p.dscp for p in packets)
    metrics = {
        'rtp_packets': len(packets), 'rtp_unique_packets': unique, 'rtp_expected_packets': expected,
        'rtp_lost_packets': expected - unique, 'rtp_duplicate_packets': sequence.duplicates,
        'rtp_reordered_packets': sequence.reordered, 'rtp_stray_packets': sequence.strays,
        'rtp_restarts': len(sequence.segments) - 1,
        'rtp_comfort_noise_packets': sum(p.packet.kind == 'noise' for p in sequence.placed),
        'rtp_event_packets': sum(p.packet.kind == 'event' for p in sequence.placed),
        'rtp_loss_percent': 100 * (expected - unique) / expected,
        'rtp_loss_longest_packets': max((count for count, _, _ in sequence.runs()), default=0),
        'rtp_loss_peak_5min_percent': percent, 'rtp_loss_peak_5min_packets': window_packets,
        'rtp_loss_peak_5min_start_s': window_start,
        'rtp_dscp_46_packets': dscp[46], 'rtp_dscp_46_percent': 100 * dscp[46] / len(packets),
        'rtp_duration_s': (end - start) / 1e9, 'dscp': dscp,
        'rtp_talkspurts': transit.talkspurts, 'rtp_timestamp_jumps': transit.jumps,
        'rtp_jitter_packets': len(transit.samples),
    }
    if end > start and len(packets) > 1:  # the last packet's bits belong to the time after it
        bits = 8 * sum(p.ip_length for p in packets) * (len(packets) - 1) / len(packets)
        metrics['rtp_bitrate_kbps'] = bits / 1000 / metrics['rtp_duration_s']
    if transit.samples:
        metrics['rtp_jitter_ms'] = transit.samples[-1] / 1e6
        metrics['rtp_jitter_max_ms'] = max(transit.samples) / 1e6
        metrics['rtp_jitter_mean_ms'] = sum(transit.samples) / len(transit.samples) / 1e6
    return metrics
