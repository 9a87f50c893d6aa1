"""Training on ranks of MPI, by mpi4py."""
import os
import re
import signal
import subprocess
import sys

import chainrule as cr
import numpy as np
import pytest
from chainrule import nn

MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_btl_vader_single_copy_mechanism": "none", "CHAINRULE_NUM_THREADS": "1"}


def train(team=None, shards=6, callbacks=(), **options):
    """A fit with batch norm, dropout and a part set aside: weights and history as text."""
    x = np.random.default_rng(0).normal(size=(157, 6)).astype(np.float32)
    t = x[:, :3].argmax(axis=1)
    net = nn.Sequential(nn.Affine(9), nn.BatchNorm(), nn.Relu(), nn.Dropout(0.2), nn.Affine(3))
    history = cr.fit(net, x, t, epochs=3, batch_size=32, shards=shards, sync_batch_norm=True, validation=0.2,
                     metrics=["accuracy"], clip_norm=1.0, team=team, callbacks=callbacks, **options)
    weights = [np.asarray(value).tobytes().hex() for value in net.parameters().values()]
    return f"{weights} {history['loss']} {history['validation.accuracy']}"


def has(command):
    return subprocess.run(command, capture_output=True, shell=True).returncode == 0


needs_mpi = pytest.mark.skipif(not has(f"{sys.executable} -c 'import mpi4py' && mpirun --version"),
                               reason="mpi4py or mpirun is missing: scripts/install-deps.sh dist (python3-mpi4py)")


def on_ranks(ranks, *arguments):
    return subprocess.run([*MPIRUN, "-n", str(ranks), sys.executable, "-m", "mpi4py", __file__, *arguments],
                          capture_output=True, text=True, env=ENVIRONMENT, timeout=120)


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ranks_end_in_the_bits_of_one(ranks):
    ran = on_ranks(ranks)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [train()]


def more(rank=0):
    """Rows that are drawn and count by weights, an average, and a rate that may fall."""
    return dict(weights=np.arange(157) + rank, sample_weight=np.linspace(0, 1, 157), average_decay=0.8, plateau_patience=1)


@needs_mpi
def test_weights_and_averages_on_ranks():
    ran = on_ranks(2, "6", "more")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [train(**more())]
    ran = on_ranks(2, "6", "other")
    assert ran.returncode != 0
    assert re.search(r"rows\.weights.*E607", ran.stderr, re.S), ran.stderr


@needs_mpi
def test_more_ranks_than_shards():
    ran = on_ranks(3, "2")
    assert ran.returncode != 0
    assert "[train] 3 ranks share 2 shards. Need at least one each" in ran.stderr


@needs_mpi
@pytest.mark.parametrize("trouble, message", [
    ("SIGKILL", r"\[dist\] rank 1 on host \S+ is gone: its process \d+ has ended\. The run ends; go on from its last "
                r"checkpoint, with any number of ranks\."),
    ("SIGSTOP", r"\[dist\] rank 1 on host \S+: no sign of life for 0\.5 s\. The run ends; .* rank_timeout\."),
    ("raise", "ValueError: rank 1 has had enough"),
])
def test_a_rank_in_trouble_ends_all(trouble, message):
    ran = on_ranks(3, "6", trouble)
    assert ran.returncode != 0
    assert re.search(message, ran.stderr), ran.stderr


def test_shards_alone():
    assert train() == train()
    assert train() != train(shards=1)


def test_what_is_no_communicator():
    with pytest.raises(TypeError, match="^team is int; need a communicator of mpi4py, such as MPI.COMM_WORLD$"):
        train(team=3)


def has_trouble(kind):
    """A callback after the second epoch of rank 1."""
    def call(numbers):
        if MPI.COMM_WORLD.Get_rank() != 1 or numbers["epoch"] < 2:
            return
        if kind == "raise":
            raise ValueError("rank 1 has had enough")
        os.kill(os.getpid(), getattr(signal, kind))
    return call


if __name__ == "__main__":
    from mpi4py import MPI
    kind, rank = sys.argv[2] if len(sys.argv) > 2 else "", MPI.COMM_WORLD.Get_rank()
    options = {"callbacks": [has_trouble(kind)], "rank_timeout": 0.5} if kind else {}
    if kind in ("more", "other"):
        options = more(rank if kind == "other" else 0)
    result = train(MPI.COMM_WORLD, *map(int, sys.argv[1:2]), **options)
    if MPI.COMM_WORLD.Get_rank() == 0:
        print(result)
