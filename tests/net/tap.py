"""A TAP interface that gives 802.11 frames with radiotap, as an interface in monitor mode does, in a network namespace of its own;
and the pace at which a capture's frames are put into it."""
import fcntl
import os
import struct
import subprocess
import time

TUNSETIFF, TUNSETLINK = 0x400454ca, 0x400454cd
IFF_TAP, IFF_NO_PI = 2, 0x1000
ARPHRD_IEEE80211_RADIOTAP = 803


def enter_namespace():
    """The caller is alone with its interfaces from here on. Needs root."""
    os.unshare(os.CLONE_NEWNET) if hasattr(os, "unshare") else _unshare()


def _unshare():  # Python before 3.12
    import ctypes
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace of one's own")


def open_tap(name, link_type=ARPHRD_IEEE80211_RADIOTAP):
    """The interface, up. What is written to the descriptor is received by it."""
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    fcntl.ioctl(tap, TUNSETLINK, link_type)  # only while it is down
    subprocess.run(["ip", "link", "set", name, "mtu", "4000", "up"], check=True)
    return tap


def frames_of(path):
    """The frames of a pcap of this machine's byte order."""
    frames = []
    with open(path, "rb") as file:
        file.read(24)
        while len(head := file.read(16)) == 16:
            frames.append(file.read(struct.unpack("<IIII", head)[2]))
    return frames


def replay(tap, frames, rate):
    """Writes them at so many a second, a bunch each millisecond; returns the rate that was reached."""
    bunch = max(1, rate // 1000)
    started = time.monotonic()
    for at in range(0, len(frames), bunch):
        for frame in frames[at:at + bunch]:
            os.write(tap, frame)
        left = started + (at + bunch) / rate - time.monotonic()
        if left > 0:
            time.sleep(left)
    return len(frames) / (time.monotonic() - started)
