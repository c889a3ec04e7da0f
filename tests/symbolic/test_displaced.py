"""EL2 text that runs displaced: by one word, with its sign, into the text made to run so."""

from collections.abc import Callable

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_behaviour
from hypabi.behaviour.outcome import Returned, Undecided
from hypabi.image.load import load_image
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble

TEXT, DATA = 0x80000000, 0x80010000
HEAD = ".arch armv7-a\n.arch_extension virt\n.syntax unified\n.arm\n"
Derive = Callable[..., Behaviour]


def a64(word: str, sign: str = "add", operands: str = "x5, x5, x6", name: str = "") -> str:
    """A jump to served, displaced by a word of data."""
    name = name or word
    return f"""
    adr x5, served
    adrp x6, {word}
    ldr x6, [x6, :lo12:{word}]
    {sign} {operands}
    br x5
served: mov x0, #7
    eret
    .data
    .global {name}
{name}: .quad 0
other: .quad 0
"""


def arm(word: str = "kimage_voffset", sign: str = "sub", jump: str = "bx ip") -> str:
    return f"""{HEAD}
    ldr r1, ={word}
    ldr r1, [r1]
    ldr ip, =served
    {sign} ip, ip, r1
    {jump}
    .ltorg
    .type served, %function
served: mov r0, #7
    eret
    .data
    .global kimage_voffset
kimage_voffset: .word 0
other: .word 0
"""


@pytest.fixture
def derived(assemble: Assemble) -> Derive:
    """Return what an assembled handler does."""

    def make(source: str, *, strip: bool = False) -> Behaviour:
        arm = "armv7" in source
        link = [f"-Tdata={DATA:#x}", *(["-s"] if strip else [])]
        built = assemble(source, "arm" if arm else "arm64", text=TEXT, link=link)
        image = load_image(built).images[0]
        state = InstructionSet.A32 if arm else InstructionSet.A64
        return derive_behaviour(explorer_for(image), TEXT, 0, state)

    return make


def followed(behaviour: Behaviour) -> bool:
    """Tell whether the code was followed, with the displacement named; else it is undecided."""
    (case,) = behaviour.cases
    if isinstance(case.outcome, Undecided):
        assert "decides where control goes" in case.outcome.reason
        return False
    assert isinstance(case.outcome, Returned)
    assert 7 in (case.registers.get("x0"), case.registers.get("r0"))
    return any("displaces EL2 text" in text for text in case.assumptions)


@pytest.mark.parametrize(
    ("word", "sign"),
    [("hyp_physvirt_offset", "add"), ("__kvm_nvhe_hyp_physvirt_offset", "add"),
     ("kimage_voffset", "sub")],
)  # fmt: skip
def test_the_word_that_means_it_displaces_text_with_its_sign(
    word: str, sign: str, derived: Derive
) -> None:
    assert followed(derived(a64(word, sign)))
    assert not followed(derived(a64(word, "sub" if sign == "add" else "add")))
    assert not followed(derived(a64("other", sign, name=word)))
    assert not followed(derived(a64("unknown_offset", sign)))
    assert not followed(derived(a64(word, "eor")))


@pytest.mark.parametrize("jump", ["bx ip", "mov pc, ip"])
def test_the_word_displaces_text_on_arm_too(jump: str, derived: Derive) -> None:
    assert followed(derived(arm(jump=jump)))
    assert not followed(derived(arm(sign="add", jump=jump)))
    assert not followed(derived(arm("other", jump=jump)))


def test_without_symbols_all_sites_tell(derived: Derive) -> None:
    use = "adrp x1, {0}\nldr x1, [x1, :lo12:{0}]\nadd x0, x0, x1\n"
    uses = "\n.text\n" + use.format("unknown_offset")
    source = a64("unknown_offset", "add")
    assert followed(derived(source + uses, strip=True))
    assert not followed(derived(source, strip=True))
    rival = "\n.text\n" + use.format("other") * 3
    assert not followed(derived(source + uses + rival, strip=True))
    assert followed(derived(arm(), strip=True))


IDMAP = """
    b vector
    .balign 0x1000
    .global __hyp_idmap_text_start, __hyp_idmap_text_end
__hyp_idmap_text_start:
served: mov x0, #7
    eret
__hyp_idmap_text_end:
beside: mov x0, #7
    eret
vector:
"""


def test_only_the_text_made_to_run_so_is_entered_displaced(derived: Derive) -> None:
    body = a64("hyp_physvirt_offset").replace("served: mov x0, #7\n    eret\n", "")
    assert followed(derived(IDMAP + body))
    (case,) = derived(IDMAP + body.replace("served", "beside")).cases
    assert isinstance(case.outcome, Undecided) and "not made to run so" in case.outcome.reason
    (case,) = derived(f"{IDMAP}b served").cases
    assert isinstance(case.outcome, Undecided) and "identity-mapped" in case.outcome.reason
    (case,) = derived(f"{IDMAP}b beside").cases
    assert isinstance(case.outcome, Returned)
