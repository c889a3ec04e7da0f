"""Straight-line code of random instructions, of the forms that compilers and kernels use."""

import random
from collections.abc import Callable

from hypabi.arch.names import InstructionSet

Form = Callable[[random.Random], str]

WORD = 1 << 32
BASE_REGISTER_64 = "x28"
BASE_REGISTER_32 = "r8"
MEMORY = 0x400
"""Bytes of scratch memory that loads and stores use."""


def program(state: InstructionSet, seed: int, count: int) -> str:
    """Return ``count`` instructions, the same for the same seed."""
    source = random.Random(seed)
    forms = {
        InstructionSet.A64: FORMS_64,
        InstructionSet.A32: FORMS_32 + FORMS_A32,
        InstructionSet.T32: FORMS_32 + FORMS_T32,
    }[state]
    return "\n".join(source.choice(forms)(source) for _ in range(count))


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


def _x(source: random.Random) -> str:
    return f"x{source.randrange(16)}"


def _w(source: random.Random) -> str:
    return f"w{source.randrange(16)}"


def _r(source: random.Random) -> str:
    return f"r{source.randrange(8)}"


def _two_sizes(template: str, *, shift: bool = False) -> Form:
    """Return a form over registers of one size; ``shift`` may add a shifted last operand."""

    def form(source: random.Random) -> str:
        register, bits = (_x, 64) if source.random() < 0.6 else (_w, 32)
        text = template.format(*(register(source) for _ in range(template.count("{}"))))
        if shift and source.random() < 0.5:
            text += f", {source.choice(('lsl', 'lsr', 'asr'))} #{source.randrange(bits)}"
        return text

    return form


def _fields(name: str) -> Form:
    def form(source: random.Random) -> str:
        register, bits = (_x, 64) if source.random() < 0.6 else (_w, 32)
        low = source.randrange(bits)
        width = source.randrange(1, bits - low + 1)
        return f"{name} {register(source)}, {register(source)}, #{low}, #{width}"

    return form


CONDITIONS = words("eq ne cs cc mi pl vs vc hi ls ge lt gt le")


def _conditional(name: str) -> Form:
    def form(source: random.Random) -> str:
        condition = source.choice(CONDITIONS)
        return f"{name} {_x(source)}, {_x(source)}, {_x(source)}, {condition}"

    return form


def _compare(name: str) -> Form:
    def form(source: random.Random) -> str:
        condition, flags = source.choice(CONDITIONS), source.randrange(16)
        second = source.choice((_x(source), f"#{source.randrange(32)}"))
        return f"{name} {_x(source)}, {second}, #{flags}, {condition}"

    return form


def _wide_move(source: random.Random) -> str:
    name = source.choice(("movz", "movn", "movk"))
    return (
        f"{name} {_x(source)}, #{source.randrange(1 << 16)}, lsl #{source.choice((0, 16, 32, 48))}"
    )


def _immediate(name: str) -> Form:
    return lambda source: f"{name} {_x(source)}, {_x(source)}, #{source.randrange(4096)}"


def _extended(name: str) -> Form:
    def form(source: random.Random) -> str:
        how = source.choice(("uxtb", "uxth", "uxtw", "sxtb", "sxth", "sxtw"))
        return f"{name} {_x(source)}, {_x(source)}, {_w(source)}, {how} #{source.randrange(5)}"

    return form


def _access_64(name: str, size: int, register: Callable[[random.Random], str]) -> Form:
    def form(source: random.Random) -> str:
        offset = source.randrange(MEMORY // size) * size
        return f"{name} {register(source)}, [{BASE_REGISTER_64}, #{offset}]"

    return form


def _pair(source: random.Random) -> str:
    one, other = source.sample(range(16), 2)
    offset = source.randrange(-8, 8) * 16 + 128
    return f"{source.choice(('ldp', 'stp'))} x{one}, x{other}, [{BASE_REGISTER_64}, #{offset}]"


FORMS_64: tuple[Form, ...] = (
    *(
        _two_sizes(f"{name} {{}}, {{}}, {{}}", shift=True)
        for name in words("add adds sub subs and ands orr eor bic bics orn eon")
    ),
    *(
        _two_sizes(f"{name} {{}}, {{}}, {{}}")
        for name in words("adc adcs sbc sbcs udiv sdiv lsl lsr asr ror mul")
    ),
    *(_two_sizes(f"{name} {{}}, {{}}, {{}}, {{}}") for name in ("madd", "msub")),
    *(
        _two_sizes(f"{name} {{}}, {{}}")
        for name in words("clz cls rbit rev rev16 neg negs mvn ngc")
    ),
    *(_two_sizes(f"{name} {{}}, {{}}", shift=True) for name in ("cmp", "cmn", "tst")),
    *(_fields(name) for name in words("ubfx sbfx bfi bfxil ubfiz sbfiz")),
    *(_conditional(name) for name in words("csel csinc csinv csneg")),
    *(_compare(name) for name in ("ccmp", "ccmn")),
    *(_immediate(name) for name in words("add adds sub subs")),
    *(_extended(name) for name in words("add adds sub subs")),
    *(
        _access_64(name, size, register)
        for name, size, register in (
            ("ldr", 8, _x), ("str", 8, _x), ("ldr", 4, _w), ("str", 4, _w), ("ldrh", 2, _w),
            ("strh", 2, _w), ("ldrb", 1, _w), ("strb", 1, _w), ("ldrsw", 4, _x), ("ldrsh", 2, _x),
            ("ldrsb", 1, _x),
        )
    ),
    _wide_move,
    _pair,
    lambda source: f"umulh {_x(source)}, {_x(source)}, {_x(source)}",
    lambda source: f"smulh {_x(source)}, {_x(source)}, {_x(source)}",
    lambda source: f"umull {_x(source)}, {_w(source)}, {_w(source)}",
    lambda source: f"smaddl {_x(source)}, {_w(source)}, {_w(source)}, {_x(source)}",
    lambda source: f"extr {_x(source)}, {_x(source)}, {_x(source)}, #{source.randrange(64)}",
    lambda source: f"sxtw {_x(source)}, {_w(source)}",
    lambda source: f"mrs {_x(source)}, nzcv",
    lambda source: f"msr nzcv, {_x(source)}",
)  # fmt: skip


def _registers(name: str, count: int) -> Form:
    return lambda source: f"{name} " + ", ".join(_r(source) for _ in range(count))


def _distinct(name: str, count: int) -> Form:
    """Return a form whose first two operands differ: RdLo and RdHi."""

    def form(source: random.Random) -> str:
        chosen = source.sample(range(8), count)
        return f"{name} " + ", ".join(f"r{number}" for number in chosen)

    return form


def _shifted(name: str, count: int) -> Form:
    def form(source: random.Random) -> str:
        text = f"{name} " + ", ".join(_r(source) for _ in range(count))
        shift = source.choice(("", "lsl #", "lsr #", "asr #", "ror #", "rrx"))
        if not shift or shift == "rrx":
            return text + (", rrx" if shift else "")
        return f"{text}, {shift}{source.randrange(1, 32)}"

    return form


def _modified(name: str, count: int) -> Form:
    """Return a form with an immediate that A32 and T32 can both encode."""

    def form(source: random.Random) -> str:
        value = source.randrange(256) << source.choice((0, 8, 16, 24))
        return f"{name} " + ", ".join(_r(source) for _ in range(count)) + f", #{value}"

    return form


def _fields_32(name: str) -> Form:
    def form(source: random.Random) -> str:
        low = source.randrange(32)
        width = source.randrange(1, 33 - low)
        return f"{name} {_r(source)}, {_r(source)}, #{low}, #{width}"

    return form


def _access_32(name: str, size: int) -> Form:
    def form(source: random.Random) -> str:
        offset = source.randrange(256 // size) * size
        return f"{name} {_r(source)}, [{BASE_REGISTER_32}, #{offset}]"

    return form


def _double(source: random.Random) -> str:
    first = source.randrange(4) * 2
    offset = source.randrange(32) * 8
    name = source.choice(("ldrd", "strd"))
    return f"{name} r{first}, r{first + 1}, [{BASE_REGISTER_32}, #{offset}]"


def _multiple(source: random.Random) -> str:
    chosen = sorted(source.sample(range(8), source.randrange(2, 6)))
    registers = ", ".join(f"r{number}" for number in chosen)
    return f"{source.choice(('ldm', 'stm', 'ldmia', 'stmia'))} {BASE_REGISTER_32}, {{{registers}}}"


def _half(source: random.Random) -> str:
    return f"{source.choice(('movw', 'movt'))} {_r(source)}, #{source.randrange(1 << 16)}"


def _executed_if(form: Form) -> Form:
    """Return a form under a condition, as each instruction set writes it."""

    def conditional(source: random.Random) -> str:
        condition = source.choice(CONDITIONS)
        name, _, operands = form(source).partition(" ")
        return f"it {condition}\n {name}{condition} {operands}"

    return conditional


DATA_32 = words("add sub and orr eor bic adc sbc rsb")

PLAIN_32: tuple[Form, ...] = (
    *(_shifted(name, 3) for name in DATA_32),
    *(_modified(name, 2) for name in DATA_32),
    *(_shifted(name, 2) for name in ("mvn", "mov")),
    *(_registers(name, 3) for name in words("mul udiv sdiv lsl lsr asr ror")),
    *(_registers(name, 4) for name in ("mla", "mls")),
    *(_registers(name, 2) for name in words("clz rev rev16 revsh rbit uxtb uxth sxtb sxth")),
    *(_distinct(name, 4) for name in words("umull smull umlal smlal")),
    *(_fields_32(name) for name in ("ubfx", "sbfx", "bfi")),
    *(
        _access_32(name, size)
        for name, size in (
            ("ldr", 4), ("str", 4), ("ldrh", 2), ("strh", 2), ("ldrb", 1), ("strb", 1),
            ("ldrsh", 2), ("ldrsb", 1),
        )
    ),
    _half,
)  # fmt: skip

FORMS_32: tuple[Form, ...] = (
    *PLAIN_32,
    *map(_executed_if, PLAIN_32),
    *(_shifted(name, 3) for name in ("adds", "subs", "ands", "orrs", "eors", "bics", "adcs")),
    *(_shifted(name, 3) for name in ("sbcs", "rsbs")),
    *(_shifted(name, 2) for name in ("cmp", "cmn", "tst", "teq", "movs", "mvns")),
    *(_modified(name, 1) for name in ("cmp", "cmn", "tst", "teq", "movs")),
    *(_registers(name, 3) for name in ("lsls", "lsrs", "asrs", "rors")),
    _double,
    _multiple,
    lambda source: f"mrs {_r(source)}, cpsr",
    lambda source: f"msr cpsr_f, {_r(source)}",
    lambda source: f"msr spsr_f, {_r(source)}",  # no bits that only ARMv8 has
    lambda source: f"mrs {_r(source)}, spsr",
    lambda source: f"msr sp_usr, {_r(source)}",
    lambda source: f"mrs {_r(source)}, sp_usr",
)


def _register_shift(name: str) -> Form:
    def form(source: random.Random) -> str:
        shift = source.choice(("lsl", "lsr", "asr", "ror"))
        return f"{name} {_r(source)}, {_r(source)}, {_r(source)}, {shift} {_r(source)}"

    return form


FORMS_A32: tuple[Form, ...] = (
    *(_register_shift(name) for name in ("add", "subs", "ands", "eors", "rsc", "rscs")),
)
FORMS_T32: tuple[Form, ...] = (
    *(_registers(name, 2) for name in ("adds", "subs", "ands", "muls", "negs", "mvns", "uxtb")),
    _shifted("orn", 3),
)
