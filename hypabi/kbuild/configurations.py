"""Which objects of a kernel the contract is about, and how the kernel is configured for it."""

from collections.abc import Iterable, Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.records import field, frozen, replace


@frozen
class Unit:
    """An object that no target of ``make`` names: compiled as another one is, with more options."""

    source: str
    like: str
    """An object whose command compiles it."""
    options: tuple[str, ...]


@frozen
class Program:
    """One program of a boot: its objects, and what links them."""

    name: str
    script: str
    """A linker script, which ``make`` makes or which is preprocessed with the unit's options."""
    objects: tuple[str, ...]
    """Targets of ``make``; those are built that a kernel has, and whose options are set."""
    units: tuple[Unit, ...] = ()
    script_options: tuple[str, ...] | None = None
    """What preprocesses a script that ``make`` does not make, besides what compiles units."""
    stand_ins: tuple[str, ...] = ()
    """Symbols that are there in every such program, whether the objects ask for them or not."""
    sections: tuple[str, ...] = ()
    """Sections that the script insists on, each of which gets a word."""
    touched: tuple[str, ...] = ()
    """Objects besides, which are linked where their source is there and the kernel has them."""
    composed: tuple[str, ...] = ()
    """Targets that are linked of others, and so have no source of their name."""


@frozen
class Configuration:
    """A kernel of one architecture."""

    name: str
    architecture: Architecture
    base: str
    """The kernel's own configuration to start from, a target of ``make``; ``WHOLE`` where the
    options are a whole one themselves."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What is set otherwise, by the name without CONFIG_."""
    programs: tuple[Program, ...] = ()


WHOLE: Final = "olddefconfig"


def _objects(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.o" for name in names)


PLAIN: Final[Mapping[str, str]] = {
    "DEBUG_INFO_NONE": "y",
    "DEBUG_INFO_REDUCED": "n",
    "LOCALVERSION_AUTO": "n",
    "GCC_PLUGINS": "n",
    "MODVERSIONS": "n",
}
"""What changes no code of the interface, and makes building slower."""

ARM64: Final = Configuration(
    "arm64",
    Architecture.ARM64,
    "defconfig",
    {**PLAIN, "HIBERNATION": "y", "KEXEC": "y"},
    (
        Program(
            "kernel",
            "arch/arm64/kernel/vmlinux.lds",
            (
                *_objects(
                    "arch/arm64/kernel",
                    "head", "hyp-stub", "hibernate-asm", "hibernate", "cpu-reset",
                    "relocate_kernel", "machine_kexec", "cpufeature", "idreg-override", "sleep",
                    "suspend", "smccc-call", "smp", "smp_spin_table", "psci", "process", "setup",
                ),
                *_objects("arch/arm64/mm", "trans_pgd-asm", "trans_pgd", "proc", "mmu"),
                *_objects("arch/arm64/kvm", "arm", "va_layout"),
            ),
            composed=_objects("arch/arm64/kvm/hyp/nvhe", "kvm_nvhe"),
        ),
    ),
)  # fmt: skip

_ZIMAGE: Final = ("-DZIMAGE", "-DTEXT_OFFSET=0x00008000", "-DMALLOC_SIZE=65536")
_COMPRESSED: Final = "arch/arm/boot/compressed"

ARM: Final = Configuration(
    "arm",
    Architecture.ARM,
    "multi_v7_defconfig",
    {**PLAIN, "KEXEC": "y"},
    (
        Program(
            "kernel",
            "arch/arm/kernel/vmlinux.lds",
            (
                *_objects("arch/arm/kernel", "head", "hyp-stub", "reboot", "sleep", "setup"),
                *_objects("arch/arm/mm", "idmap", "proc-v7"),
            ),
            sections=(".arch.info.init",),
        ),
        Program(
            "decompressor",
            f"{_COMPRESSED}/vmlinux.lds.S",
            (),
            tuple(
                Unit(f"{_COMPRESSED}/{name}.S", "arch/arm/kernel/hyp-stub.o", _ZIMAGE)
                for name in ("head", "hyp-stub")
            ),
            ("-DTEXT_START=0", "-DBSS_START=ALIGN(8)", *_ZIMAGE),
            ("decompress_kernel", "input_data"),
        ),
    ),
)

CONFIGURATIONS: Final = (ARM, ARM64)
"""What is judged where nothing else is asked for."""


def with_touched(of: Configuration, objects: Iterable[str]) -> Configuration:
    """Return a configuration whose kernel has objects besides, as far as they are not its own."""
    kernel, *others = of.programs
    own = {name for each in of.programs for name in (*each.objects, *each.composed)}
    units = {unit.source for each in of.programs for unit in each.units}
    touched = tuple(name for name in objects if name not in own and f"{name[:-2]}.S" not in units)
    return replace(of, programs=(replace(kernel, touched=touched), *others)) if touched else of


def _like(of: Configuration, name: str, **options: str) -> Configuration:
    return replace(of, name=name, options={**of.options, **options})


EVERY: Final[Mapping[str, Configuration]] = {
    each.name: each
    for each in (
        *CONFIGURATIONS,
        _like(ARM, "arm-thumb2", THUMB2_KERNEL="y"),
        _like(ARM, "arm-lpae", ARM_LPAE="y"),
        _like(ARM, "arm-be", CPU_BIG_ENDIAN="y"),
        _like(ARM64, "arm64-16k", ARM64_4K_PAGES="n", ARM64_16K_PAGES="y"),
        _like(ARM64, "arm64-64k", ARM64_4K_PAGES="n", ARM64_64K_PAGES="y"),
        _like(ARM64, "arm64-be", CPU_BIG_ENDIAN="y"),
        _like(ARM64, "arm64-novhe", ARM64_VHE="n"),
        _like(ARM64, "arm64-nokvm", KVM="n", VIRTUALIZATION="n"),
    )
}
"""By name, those in which code of the interface differs."""
