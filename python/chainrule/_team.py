"""Ranks of MPI that train one net together: what the core asks of a communicator of mpi4py."""
import os
import platform
import time
from pathlib import Path

from ._errors import Error

_SUM, _PING, _PONG = 17, 18, 19  # tags of messages
_END = "The run ends; go on from its last checkpoint, with any number of ranks."


def _machine() -> tuple:
    """What is equal where the number of a process says something."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")
    except OSError:
        return platform.node(), ""


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class Ranks:
    """What is sent and received by the ranks of a communicator. All of them call the same, in the same order.

    None waits for ever: a rank that has ended (of this machine), or that gives no sign of life for `timeout` seconds
    (ten times as long before the first sum), raises on all others.
    """

    def __init__(self, communicator, timeout: float = 20):
        self._mpi, self._timeout, self._has_begun = communicator, timeout, False
        try:
            self.rank, self.size = communicator.Get_rank(), communicator.Get_size()
        except AttributeError:
            raise TypeError(f"team is {type(communicator).__name__}; need a communicator of mpi4py, such as "
                            "MPI.COMM_WORLD") from None
        self._origins = communicator.allgather((platform.node(), _machine(), os.getpid()))
        self.hosts = [host for host, _, _ in self._origins]

    def gather(self, mine: bytes) -> list:
        self._wait([self._mpi.Ibarrier()])
        return self._mpi.allgather(mine)

    def broadcast(self, text: bytes, source: int) -> bytes:
        self._wait([self._mpi.Ibarrier()])
        return self._mpi.bcast(text, source)

    def exchange(self, sends: list, receives: list) -> None:
        """Sends and receives bytes, each (rank, memory), and waits for all."""
        waiting = [self._mpi.Irecv(memory, rank, _SUM) for rank, memory in receives]
        waiting += [self._mpi.Isend(memory, rank, _SUM) for rank, memory in sends]
        self._wait(waiting)
        self._has_begun = True

    def _wait(self, requests: list) -> None:
        """Until all are done."""
        limit = self._timeout * (1 if self._has_begun else 10)
        begun = looked = asked = time.monotonic()
        while True:
            requests = [request for request in requests if not request.Test()]
            if not requests:
                return
            now = time.monotonic()
            if now - begun > 0.0002:
                time.sleep(0.00005 if now - begun > 0.01 else 0)  # another rank may want this CPU
            if now - looked < 0.05:
                continue
            looked = now
            self._answer()
            self._look_for_the_dead()
            if now - asked > limit:
                self._find_the_silent(limit)
                asked = time.monotonic()
            if asked - begun > 3 * limit:
                raise Error(f"[dist] all ranks wait for one another for {asked - begun:.0f} s. Do all of them call the "
                            "same, in the same order? (E608)", 608)

    def _name(self, rank: int) -> str:
        return f"rank {rank} on host {self.hosts[rank]}"

    def _look_for_the_dead(self) -> None:
        """Those of this machine: of others the launcher, or the time limit, tells."""
        for rank, (_, machine, process) in enumerate(self._origins):
            if machine == self._origins[self.rank][1] and not _is_there(process):
                raise Error(f"[dist] {self._name(rank)} is gone: its process {process} has ended. {_END} (E605)",
                            605)

    def _answer(self) -> None:
        for source in range(self.size):
            while self._mpi.Iprobe(source, _PING):
                self._mpi.recv(source=source, tag=_PING)
                self._mpi.isend(None, source, _PONG)

    def _find_the_silent(self, limit: float) -> None:
        """Asks all others; those that wait as well answer."""
        silent = set(range(self.size)) - {self.rank}
        for rank in silent:
            self._mpi.isend(None, rank, _PING)
        end = time.monotonic() + 2
        while silent and time.monotonic() < end:
            self._answer()
            self._look_for_the_dead()
            for rank in list(silent):
                while self._mpi.Iprobe(rank, _PONG):
                    self._mpi.recv(source=rank, tag=_PONG)
                    silent.discard(rank)
            time.sleep(0.001)
        if silent:
            names = ", ".join(self._name(rank) for rank in sorted(silent))
            raise Error(f"[dist] {names}: no sign of life for {limit:g} s. {_END} If it was only slow, give it longer: "
                        "rank_timeout. (E606)", 606)
