"""Watch what a kernel does at its interface to EL2 or HYP: strace for hypercalls.

The image is booted under QEMU, unmodified, and each crossing into EL2 or HYP and back is printed
when it is back: time, CPU, whose vectors are live, who calls, what it asks for by name, and what
it is answered. Each is held against the contract, in the words of `hypabi check`, and against the
case that was derived from the same image.

With --import nothing is booted: a recorded trace (--record), QEMU's log (-d int) or the kernel's
own hyp trace events are read, and what such a log cannot know is said.
"""

import argparse
import math
from typing import TYPE_CHECKING

from hypabi.cli.parser import add_kernel, add_output

if TYPE_CHECKING:
    from hypabi.report.trace.text import Options
    from hypabi.tracing.result import TracedCrossing, TraceResult
    from hypabi.tracing.run import Listener

SUMMARY = "watch the hypercalls of a kernel on a machine, and judge each"
MOST_CPUS = 64
MOST_SECONDS = 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
    parser.add_argument(
        "--import",
        dest="imported",
        metavar="FILE",
        help="read events from FILE and boot nothing: what --record wrote, QEMU's -d int log, or "
        "the kernel's hyp trace events",
    )
    parser.add_argument("--record", metavar="FILE", help="write the events to FILE as they come")
    _add_machine(parser)
    parser.add_argument(
        "-e", "--only", metavar="PATTERN", action="append", default=[],
        help="print only crossings of which call, function, party, verdict, instruction or CPU "
        "(cpu0) fits PATTERN, as *VECTORS; all are judged",
    )  # fmt: skip
    parser.add_argument(
        "-c", "--count", action="store_true", help="print how often each call was made, no more"
    )
    parser.add_argument(
        "-T", "--durations", action="store_true", help="print how long each crossing took"
    )
    parser.add_argument(
        "-f",
        "--all-cpus",
        action="store_true",
        help="print the crossings of all CPUs, not only those of cpu0 and what is amiss; all are "
        "judged, and --format json, chrome and html have all",
    )
    parser.add_argument(
        "-k", "--callers", action="store_true",
        help="print who called the caller of each crossing, as the frames on its stack tell "
        "(64-bit kernels)",
    )  # fmt: skip
    parser.add_argument(
        "--console", action="store_true", help="print what the kernel prints on standard error"
    )
    _add_drive(parser)
    add_output(parser, ("text", "json", "jsonl", "timeline", "chrome", "html"))


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--smp", metavar="N", type=_cpus, default=1, help="how many CPUs (default: 1)"
    )
    parser.add_argument(
        "--cpu", metavar="MODEL",
        help="QEMU's name of the processor (default: cortex-a57, on arm cortex-a15)",
    )  # fmt: skip
    parser.add_argument(
        "--source",
        choices=("auto", "plugin", "gdb-stub"),
        default="auto",
        help="what of QEMU tells the crossings: our plugin, which QEMU 9.1 and a C compiler can "
        "have, or its GDB stub (default: the plugin where it can be had)",
    )
    parser.add_argument(
        "--memory", metavar="MIB", type=_memory, default=512, help="RAM in MiB (default: 512)"
    )
    parser.add_argument(
        "--append", metavar="ARGS", default="", help="add ARGS to the kernel's command line"
    )
    parser.add_argument(
        "--until", metavar="TEXT|SECONDS",
        help="end when the kernel prints TEXT, or after SECONDS (default: at a panic, a hang, or "
        "after 600 seconds)",
    )  # fmt: skip


def _add_drive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--drive", metavar="STEPS", default="",
        help="make the kernel do STEPS when it is up, in this order, with commas between: "
        "cpu-hotplug (each CPU but the first off and on again), kvm (a guest on each CPU), "
        "hibernate (an image is made and taken up again; --module brd.ko), kexec, reboot, off. "
        "Where one fails that is not the first, it is driven alone in a second boot",
    )  # fmt: skip
    parser.add_argument(
        "--module", metavar="FILE", action="append", default=[],
        help="load a module of the kernel first, .ko or .ko.xz of its package (with --drive)",
    )  # fmt: skip


def _cpus(text: str) -> int:
    return _within(text, 1, MOST_CPUS)


def _memory(text: str) -> int:
    return _within(text, 64, 1 << 16)


def _within(text: str, least: int, most: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Trace, print, and return the exit status."""
    from hypabi.api import trace

    _check(arguments)
    result = trace(
        arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        imported=arguments.imported,
        record=arguments.record,
        smp=arguments.smp,
        cpu=arguments.cpu,
        memory=arguments.memory,
        append=arguments.append,
        until=arguments.until,
        drive=_steps(arguments),
        modules=arguments.module,
        source=arguments.source,
        callers=arguments.callers,
        console=2 if arguments.console else None,
        listener=_listener(arguments),
    )
    _print(arguments, result)
    return result.exit_status


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be meant.

    :raises HypabiError: the seconds are no time
    """
    from hypabi.errors import MisuseError

    if arguments.drive or arguments.module:
        from hypabi.tracing.control import check_steps

        check_steps(_steps(arguments), arguments.smp, len(arguments.module))
    if arguments.imported is not None:
        given = [name for name in ("cpu", "until", "drive") if getattr(arguments, name)]
        if given or arguments.append or arguments.smp != 1:
            what = "it is for a boot, and with --import nothing is booted"
            raise MisuseError(f"--{(given or ['append' if arguments.append else 'smp'])[0]}", what)
    try:
        seconds = float(arguments.until or "1")
    except ValueError:
        return
    if not (math.isfinite(seconds) and 0 < seconds <= MOST_SECONDS):
        what = f"this is no time between 0 and {MOST_SECONDS:g} seconds"
        raise MisuseError(f"--until {arguments.until}", what)


def _steps(arguments: argparse.Namespace) -> tuple[str, ...]:
    return tuple(arguments.drive.split(",")) if arguments.drive else ()


def _streams(arguments: argparse.Namespace) -> bool:
    """Tell whether crossings are printed as they come."""
    return (
        arguments.output is None and not arguments.count and arguments.format in ("text", "jsonl")
    )


def _listener(arguments: argparse.Namespace) -> "Listener | None":
    if not _streams(arguments):
        return None
    from hypabi.atomic_file import write_output
    from hypabi.report.trace import json_lines, text

    options = _options(arguments)

    def show(crossing: "TracedCrossing") -> None:
        if not text.is_shown(crossing, options):
            return
        if arguments.format == "jsonl":
            write_output(json_lines.write_crossing(crossing), None)
        else:
            write_output(text.write_crossing(crossing, options), None)

    return show


def _options(arguments: argparse.Namespace) -> "Options":
    from hypabi.report.trace.text import Options

    return Options(
        arguments.durations, arguments.callers, arguments.all_cpus, tuple(arguments.only)
    )


def _print(arguments: argparse.Namespace, result: "TraceResult") -> None:
    """Print the whole, or what is left where crossings were printed as they came."""
    from hypabi.atomic_file import write_output

    write_output(_written(arguments, result), arguments.output)


def _written(arguments: argparse.Namespace, result: "TraceResult") -> str:
    from hypabi.records import replace
    from hypabi.report.trace import chrome, html, json, json_lines, text, timeline

    options = _options(arguments)
    if arguments.format == "json":
        return json.write(result)
    if arguments.format == "chrome":
        return chrome.write(result)
    if arguments.format == "html":
        return html.write(result, replace(options, all_cpus=True))
    if arguments.format == "timeline":
        return timeline.write(result)
    if arguments.format == "jsonl":
        shown = () if _streams(arguments) else result.crossings
        lines = (json_lines.write_crossing(c) for c in shown if text.is_shown(c, options))
        return "".join(lines) + json_lines.write_end(result)
    if arguments.count:
        return text.write_summary(result) + "\n" + text.write_end(result, options)
    return text.write_end(result, options) if _streams(arguments) else text.write(result, options)
