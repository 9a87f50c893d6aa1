#!/usr/bin/python3
"""Runs ranks on several hosts, all of them on this machine: each is a network namespace with a card and a name of its
own, and the cables between them have a delay and a rate. Frames go through this program, which needs no module of the
kernel beside tun. As root:

    bench/hosts.py --delay 1 --rate 1 -n 2 build/release/chainrule train run.toml --shards 2

The delay is in ms each way, the rate in Gbit/s each way of each host; 0: as fast as it goes.
"""
import argparse
import collections
import fcntl
import os
import select
import struct
import subprocess
import sys
import tempfile
import time

TUNSETIFF, TAP, NO_HEADER = 0x400454CA, 0x0002, 0x1000
MTU = 9000
MOST_QUEUED = 256 * 1024  # bytes that a card keeps; the kernel's queue has the rest


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def make_host(tag, i):
    """A namespace with the card eth0, and the file that its frames go through."""
    name, card = f"{tag}-{i}", f"{tag}t{i}"
    ip("netns", "add", name)
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH", card.encode(), TAP | NO_HEADER))
    ip("link", "set", card, "netns", name)
    ip("-n", name, "link", "set", card, "name", "eth0", "address", f"02:00:00:00:00:{i:02x}", "mtu", str(MTU))
    ip("-n", name, "addr", "add", f"10.77.0.{i + 1}/24", "dev", "eth0")
    ip("-n", name, "link", "set", "lo", "up")
    ip("-n", name, "link", "set", "eth0", "up")
    return file


def carry(files, delay, bytes_a_second):
    """Hands frames on for ever: each leaves its card after those before it, and arrives `delay` seconds later."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    free = [0.0] * len(files)  # when the last frame of a card will have left it
    on_the_way = [collections.deque() for _ in files]  # of a card: when it arrives, where, the frame
    while True:
        now = time.monotonic()
        next_event = now + 1
        for queue in on_the_way:
            while queue and queue[0][0] <= now:
                _, targets, frame = queue.popleft()
                for target in targets:
                    try:
                        os.write(files[target], frame)
                    except OSError:
                        pass  # the card is down, or full: a frame may get lost
            if queue:
                next_event = min(next_event, queue[0][0])
        reading = []
        for i in range(len(files)):
            if (free[i] - now) * bytes_a_second < MOST_QUEUED:
                reading.append(i)
            else:
                next_event = min(next_event, free[i] - MOST_QUEUED / bytes_a_second / 2)
        ready = select.select([files[i] for i in reading], [], [], max(0, next_event - now))[0]
        for i in reading:
            if files[i] not in ready:
                continue
            for _ in range(16):
                try:
                    frame = os.read(files[i], 65536)
                except BlockingIOError:
                    break
                free[i] = max(time.monotonic(), free[i]) + len(frame) / bytes_a_second
                to_all = frame[0] & 1
                targets = [j for j in range(len(files)) if j != i] if to_all else [frame[5]]
                if to_all or frame[5] < len(files):
                    on_the_way[i].append((free[i] + delay, targets, frame))


def mpirun(tag, hosts, ranks, command):
    agent = tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False)  # what mpirun takes for ssh: HOST COMMAND...
    agent.write(
        f'#!/bin/sh\nhost=$1\nshift\nexec ip netns exec "{tag}-${{host#host}}" unshare --uts sh -c "hostname $host; $*"\n'
    )
    agent.close()
    os.chmod(agent.name, 0o755)
    places = [f"host{i}:{ranks * (i + 1) // hosts - ranks * i // hosts}" for i in range(hosts)]
    settings = {
        "plm_rsh_agent": agent.name,
        "btl": "tcp,self,vader",
        "btl_tcp_if_include": "10.77.0.0/24",
        "oob_tcp_if_include": "10.77.0.0/24",
        "btl_vader_single_copy_mechanism": "none",  # between namespaces there is none
    }
    words = ["mpirun", "--allow-run-as-root", "--bind-to", "none", "--oversubscribe", "-n", str(ranks)]
    words += [word for pair in settings.items() for word in ("--mca", *pair)]
    words += ["--host", ",".join(place for place in places if not place.endswith(":0"))]
    inside = ["ip", "netns", "exec", f"{tag}-0", "unshare", "--uts", "sh", "-c", 'hostname host0; exec "$@"', "sh"]
    try:
        return subprocess.run([*inside, *words, *command], check=False).returncode
    finally:
        os.unlink(agent.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--delay", type=float, default=0, help="ms")
    parser.add_argument("--rate", type=float, default=0, help="Gbit/s")
    parser.add_argument("-n", "--ranks", type=int, required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    tag = f"cr{os.getpid()}"
    try:
        files = [make_host(tag, i) for i in range(given.hosts)]
        carrier = os.fork()
        if carrier == 0:
            carry(files, given.delay / 1e3, given.rate * 1e9 / 8 if given.rate > 0 else 1e15)
        try:
            return mpirun(tag, given.hosts, given.ranks, given.command)
        finally:
            os.kill(carrier, 9)
            os.waitpid(carrier, 0)
    finally:
        for i in range(given.hosts):
            subprocess.run(["ip", "netns", "del", f"{tag}-{i}"], check=False, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
