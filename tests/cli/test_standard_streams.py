"""``-`` is standard input where a file is read, and standard output where one is written."""

import subprocess
from pathlib import Path

from tests.cli.compared import INDEX
from tests.cli.door import COMMAND, environment, hypabi
from tests.cli.kernel import stub
from tests.inputs import Assemble


def piped(text: bytes, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=text,
        capture_output=True,
        timeout=120,
        check=False,
        env=environment(),
    )


def test_an_image_is_read_from_standard_input(assemble: Assemble) -> None:
    image = stub(assemble)
    ran = piped(image.read_bytes(), "check", "-q", "-")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"5.10.0-made: PROVED\n", b"")


def test_what_diff_sniffs_at_it_reads_again(assemble: Assemble, tmp_path: Path) -> None:
    image, saved = stub(assemble), tmp_path / "saved"
    assert hypabi("derive", image, "--save", saved).returncode == 0
    ran = piped(saved.read_bytes(), "diff", "-q", "-", image)
    assert ran.stderr == b""
    assert ran.stdout == hypabi("diff", "-q", saved, image).stdout.encode()


def test_a_contract_is_read_from_standard_input() -> None:
    shipped = hypabi("contract", "show", "--format", "json").stdout
    ran = piped(shipped.encode(), "contract", "show", "-", "--format", "json")
    assert ran.stdout.decode() == shipped


def test_nothing_on_standard_input_is_refused_in_a_line() -> None:
    ran = piped(b"", "check", "-")
    assert (ran.returncode, ran.stderr) == (1, b"hypabi: -: is empty\n")


def test_output_to_standard_output_is_as_without(tmp_path: Path) -> None:
    image = next(
        each.file(each.forms[0]) for each in INDEX.references if each.name == "arm64-stub-b7"
    )
    words = ("check", image, "--kernel-version", "6.1")
    ran = hypabi(*words, "--output", "-", cwd=tmp_path)
    assert (ran.stdout, ran.stderr) == (hypabi(*words).stdout, "")
    assert not list(tmp_path.iterdir())


def test_confirm_does_not_take_the_image_for_a_machine(assemble: Assemble) -> None:
    image = stub(assemble, success="add x19, x19, #1")
    behind, before = hypabi("check", image, "--confirm"), hypabi("check", "--confirm", image)
    assert before.returncode == behind.returncode == 12
    assert before.stdout == behind.stdout
    assert "replay: confirmed" in before.stdout
    assert hypabi("check", "--confirm", "engine", image).stdout == before.stdout
    assert hypabi("check", "--confirm=qeum", image).returncode == 3
