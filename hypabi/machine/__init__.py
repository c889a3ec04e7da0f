"""Concrete machines: a complete state in, an observation out.

:class:`~hypabi.machine.engine.machine.Engine` runs the meanings of :mod:`hypabi.semantics` over
integers and is always there; :class:`~hypabi.machine.qemu.machine.Qemu` asks QEMU, whose reading of
Arm is not ours. Both keep the promises of :class:`~hypabi.machine.protocol.Machine` and pass one
conformance suite. A machine is deterministic in what it observes, ends within its limits and leaves
nothing behind. Whatever it cannot do is said: ``NotRun`` before it starts, ``Unmodelled`` on the
way; a value that it cannot see is absent from the observation, never zero.
"""

__all__ = [
    "crossing",
    "engine.core",
    "engine.machine",
    "engine.memory",
    "observation",
    "protocol",
    "qemu.boot_plan",
    "qemu.machine",
    "qemu.plugin",
    "qemu.process",
    "qemu.processors",
    "qemu.standalone",
    "qemu.target",
    "qemu.watch",
    "start",
    "state",
]
