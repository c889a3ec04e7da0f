"""The kernel at its call of ``__hyp_get_vectors``, in the reference images."""

from importlib.resources import files

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.image.load import load_image
from hypabi.machine.start import Level, start_state
from hypabi.machine.state import Extent, MachineState

RETURN = 0x4800_0000
STACKS = 0x4810_0000


def ask_for_vectors(name: str, form: str, vectors: str) -> tuple[MachineState, int]:
    """Return the state in which the kernel calls ``__hyp_get_vectors``, and the live vectors."""
    path = files("hypabi") / "reference" / f"{name}-{form}.elf"
    (image,) = load_image(str(path)).images
    symbols = {s.name: s.address for s in image.symbols}
    memory = [
        Extent(s.address, bytes(s.content).ljust(s.end - s.address, b"\0")) for s in image.segments
    ]
    memory += [Extent(RETURN, bytes(4)), Extent(STACKS, bytes(0x1000))]
    state = InstructionSet.T32 if form.startswith("t32") else InstructionSet.A32
    order = ByteOrder.BIG if form.endswith("be") else ByteOrder.LITTLE
    registers = {
        "HVBAR": symbols[vectors],
        "VTTBR": 0,
        "LR_svc": RETURN | (state is InstructionSet.T32),
        "SP_svc": STACKS + 0x800,
        "SP_hyp": STACKS + 0x1000,
        "r4": 0x4444_4444,
    }
    pc = symbols["__hyp_get_vectors"]
    return start_state(Level.CALLER, pc, memory, registers, state, order), symbols[vectors]
