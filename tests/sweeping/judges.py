"""A judge whose answer is what the file says: one line, the fate, then what it is about.

``kernel VERSION NAME WORD``: a kernel of this version in which one caller of this name has this
word; the word ``slow`` is a while later.  ``none``, ``refuse``, ``absent``: as they say.  ``die``,
``hang``: what becomes of its worker.
"""

import gc
import hashlib
import os
import signal
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from hypabi.store.line import kernel_of
from hypabi.store.records import Answer, Fate, Item, Outcome
from hypabi.sweeping.records import Task
from hypabi.sweeping.sweep import _contracts
from hypabi.sweeping.versions import made_by as today

JUDGE = "tests.sweeping.judges:judge"
CONTRACT = "linux-hyp-abi"
WEIGHTS = {"satisfied": "good", "violated": "refuted", "undecided": "undecided"}


def kernel_text(version: str, word: str = "satisfied", name: str = "caller") -> str:
    """Return what a file holds that stands for a kernel."""
    return f"kernel {version} {name} {word}\n"


def judge(task: Task, is_wanted: Callable[[str], bool]) -> Outcome:
    """Do what the file says."""
    text = Path(task.candidate.path).read_text(encoding="utf-8")
    word, *rest = text.split()
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        time.sleep(600)
    if word != "kernel":
        fates = {"none": Fate.NO_KERNEL, "refuse": Fate.REFUSED, "absent": Fate.UNAVAILABLE}
        return Outcome(fates[word], "as it says")
    if "slow" in rest:
        rest[rest.index("slow")] = "satisfied"
        time.sleep(0.3)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if not is_wanted(sha256):
        return Outcome(Fate.KNOWN, "", sha256)
    return judged(sha256, *rest)


def judged(sha256: str, version: str, name: str, word: str, made_by: str = "") -> Outcome:
    """Return the outcome of a kernel with one caller."""
    kernel = kernel_of(sha256, "arm64", "", 100, f"{version}-arm64")
    rule = "" if word == "satisfied" else "HYP-CALLER-SERVED"
    item = Item(
        "call sites", "stub", "HVC_RESET_VECTORS", name, word, WEIGHTS[word], rule, "what it does"
    )
    good = word == "satisfied"
    answer = Answer(
        question="check",
        contract=CONTRACT,
        contract_sha256=_contracts(None)[CONTRACT],
        contract_version=version,
        made_by=made_by or today(),
        verdict="proved" if good else "refuted" if word == "violated" else "undecided",
        exit_status=0,
        seconds=0.5,
        megabytes=100,
        document=b"",
        items=(item,),
    )
    return Outcome(Fate.JUDGED, "", sha256, kernel, (answer,))


class _Circle:
    """Refers to itself, as an image and what was derived of it do."""

    def __init__(self) -> None:
        self.itself = self


_CIRCLES: weakref.WeakSet[_Circle] = weakref.WeakSet()


def leave_a_circle(_task: Task, _is_wanted: Callable[[str], bool]) -> Outcome:
    """Leave behind what only a full collection frees, and answer with what earlier tasks left."""
    left = len(_CIRCLES)
    circle = _Circle()
    _CIRCLES.add(circle)
    gc.collect()  # it is old now
    return Outcome(Fate.NO_KERNEL, str(left))
