"""A router in user space, between two network namespaces, that loses, doubles and delays.

tunrouter.py NS1 ADDRESS1 NS2 ADDRESS2 SEED LOSS DUP BASE_S MEAN_S

Each packet is lost with probability LOSS, else doubled with probability DUP, and each copy is delayed by BASE_S seconds
and an exponential time of mean MEAN_S on top: copies overtake each other. It says "ready" and routes until it is ended;
then it says what it did. The draws are seeded; when packets come is not.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
QUEUE_MAX = 20_000

libc = ctypes.CDLL(None, use_errno=True)


def tun(namespace):
    """A TUN device inside this namespace."""
    if libc.setns(os.open("/run/netns/" + namespace, os.O_RDONLY), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns " + namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"t0", IFF_TUN_NO_PI))
    return device


def main():
    ns1, address1, ns2, address2 = sys.argv[1:5]
    seed, loss, dup, base, mean = (float(word) for word in sys.argv[5:10])
    one, two = tun(ns1), tun(ns2)
    for namespace, own, peer in ((ns1, address1, address2), (ns2, address2, address1)):
        for command in (f"addr add {own} peer {peer} dev t0", "link set t0 txqueuelen 10000 up"):
            subprocess.run(["ip", "-n", namespace, *command.split()], check=True)
    draws = random.Random(int(seed))
    counts = {"came": 0, "lost": 0, "doubled": 0, "overtook": 0, "full": 0}

    def end(*_):
        raise SystemExit

    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    queue, number, newest = [], 0, 0
    try:
        while True:
            now = time.monotonic()
            while queue and queue[0][0] <= now:
                _, place, device, packet = heapq.heappop(queue)
                counts["overtook"] += place < newest
                newest = max(newest, place)
                try:
                    os.write(device, packet)
                except BlockingIOError:
                    counts["full"] += 1
            wait = min(0.05, max(0.0, queue[0][0] - now)) if queue else 0.05
            for device in select.select([one, two], [], [], wait)[0]:
                try:
                    packet = os.read(device, 70_000)
                except BlockingIOError:
                    continue
                counts["came"] += 1
                if draws.random() < loss:
                    counts["lost"] += 1
                    continue
                doubled = draws.random() < dup
                counts["doubled"] += doubled
                for _ in range(1 + doubled):
                    if len(queue) >= QUEUE_MAX:
                        counts["full"] += 1
                        continue
                    number += 1
                    due = time.monotonic() + base + (draws.expovariate(1 / mean) if mean > 0 else 0)
                    other = two if device == one else one
                    heapq.heappush(queue, (due, number, other, packet))
    finally:
        print(" ".join(f"{name}={count}" for name, count in counts.items()), flush=True)


main()
