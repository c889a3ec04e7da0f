"""What came of the steps that were driven, and a control run where one of them failed."""

from hypabi.analysis.examination import Examination
from hypabi.errors import MisuseError
from hypabi.machine.crossing import EndKind
from hypabi.records import replace
from hypabi.tracing.boot import Source, Wanted, booted
from hypabi.tracing.drive.initramfs import MOST_MODULES, STEPS
from hypabi.tracing.result import ControlRun, DrivenStep, DrivenWord, TraceResult
from hypabi.tracing.session import Tracer

BROKEN = (DrivenWord.FAILS, DrivenWord.UNFINISHED)


def check_steps(steps: tuple[str, ...], cpus: int, modules: int = 0) -> None:
    """Refuse steps that cannot be meant.

    :raises MisuseError: one is not known, is there twice, or has nothing to do
    """
    where = f"--drive {','.join(steps)}"
    for step in steps:
        if step not in STEPS:
            raise MisuseError(where, f"there is no step {step!r}", f"they are {', '.join(STEPS)}")
    if modules and not steps:
        raise MisuseError("--module", "it is loaded before something is driven", "give --drive")
    if modules > MOST_MODULES:
        raise MisuseError("--module", f"more than {MOST_MODULES} modules")
    if len(set(steps)) < len(steps):
        raise MisuseError(where, "a step is named twice")
    if "cpu-hotplug" in steps and cpus == 1:
        raise MisuseError(where, "the only CPU cannot be taken off", "give --smp 2 or more")


def driven(
    examination: Examination, source: Source, wanted: Wanted, result: TraceResult
) -> TraceResult:
    """Return a result with every step that was wanted, and with the control run that it asks for.

    :raises HypabiError: QEMU cannot boot it
    """
    told = {step.name: step for step in result.steps}
    none = "the run had ended"
    steps = tuple(
        told.get(name) or DrivenStep(name, DrivenWord.NOT_BEGUN, none) for name in wanted.drive
    )
    broken = next((step.name for step in steps[1:] if step.word in BROKEN), None)
    result = replace(result, steps=steps)
    if broken is None or result.end.kind is EndKind.INTERRUPTED:
        return result
    return replace(result, control=_control(examination, source, wanted, broken))


def _control(examination: Examination, source: Source, wanted: Wanted, step: str) -> ControlRun:
    tracer = Tracer(examination, source.header)
    with booted(examination, replace(wanted, drive=(step,)), source.plugin) as events:
        for event in events:
            for _ in tracer.feed(event):
                pass
    none = DrivenStep(step, DrivenWord.NOT_BEGUN, "the run had ended")
    return ControlRun(next(iter(tracer.steps()), none), tracer.end)
