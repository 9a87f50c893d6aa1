"""Ranks of MPI that train one net together: what the core asks of a communicator of mpi4py."""
import platform


class Ranks:
    """What is sent and received by the ranks of a communicator. All of them call the same, in the same order."""

    _tag = 17  # of messages between two ranks

    def __init__(self, communicator):
        self._mpi = communicator
        try:
            self.rank, self.size = communicator.Get_rank(), communicator.Get_size()
        except AttributeError:
            raise TypeError(f"team is {type(communicator).__name__}; need a communicator of mpi4py, such as "
                            "MPI.COMM_WORLD") from None
        self.hosts = communicator.allgather(platform.node())

    def gather(self, mine: bytes) -> list:
        return self._mpi.allgather(mine)

    def broadcast(self, text: bytes, source: int) -> bytes:
        return self._mpi.bcast(text, source)

    def exchange(self, sends: list, receives: list) -> None:
        """Sends and receives bytes, each (rank, memory), and waits for all."""
        waiting = [self._mpi.Irecv(memory, rank, self._tag) for rank, memory in receives]
        waiting += [self._mpi.Isend(memory, rank, self._tag) for rank, memory in sends]
        for request in waiting:
            request.Wait()
