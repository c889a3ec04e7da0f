"""A page says everything that its contract says, and nothing of a call that is not there."""

import re
import subprocess
import sys

import docutils.nodes
import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.documents.interface.page import page as page_of
from hypabi.documents.interface.reading import reading
from hypabi.documents.markup import html as document_html
from hypabi.documents.markup import man as document_man
from hypabi.documents.markup.rst import write
from hypabi.home import CONTRACTS
from tests.documents.documents import HELD, PAGES, STATED, page, parsed, source, texts
from tests.documents.html_reader import Reader


def tables(of: object, key: str) -> list[str]:
    """Return the names in every table of this key, wherever it stands in a contract."""
    found: list[str] = []
    match of:
        case dict():
            inner = of.get(key)
            found += inner if isinstance(inner, dict) else []
            for each in of.values():
                found += tables(each, key)
        case list():
            for each in of:
                found += tables(each, key)
        case _:
            pass
    return found


def values(of: object, key: str) -> list[str]:
    """Return the texts under every key of this name."""
    found: list[str] = []
    match of:
        case dict():
            if isinstance(of.get(key), str):
                found.append(str(of[key]))
            for each in of.values():
                found += values(each, key)
        case list():
            for each in of:
                found += values(each, key)
        case _:
            pass
    return found


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace('"', "'")).strip()


@pytest.mark.parametrize("name", HELD)
def test_every_call_party_clause_and_premise_has_its_place(name: str) -> None:
    contract = source(name)
    tree = parsed(write(page(name)))
    titles = texts(tree, docutils.nodes.title)
    for table in ("calls", "parties"):
        named = contract[table]
        assert isinstance(named, dict)
        assert set(named) <= set(titles)
    terms = {each for term in texts(tree, docutils.nodes.term) for each in term.split(", ")}
    clauses = set(tables(contract, "promises")) | set(tables(contract, "writes"))
    assert clauses
    assert clauses <= terms
    assert set(tables(contract, "requires")) | set(tables(contract, "assumes")) <= terms
    assert set(tables(contract, "may-write-memory")) <= terms
    assert set(tables(contract, "users")) | set(tables(contract, "beyond")) <= terms


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("key", ["cite", "because", "against", "section", "where", "summary"])
def test_every_sentence_and_reason_is_there(name: str, key: str) -> None:
    said = squeezed(parsed(write(page(name))).astext())
    missing = [each for each in values(source(name), key) if squeezed(each) not in said]
    assert not missing


@pytest.mark.parametrize("name", STATED)
@pytest.mark.parametrize("key", ["because", "against", "section", "summary", "is"])
def test_every_fact_of_a_stated_contract_is_there(name: str, key: str) -> None:
    said = squeezed(parsed(write(page(name))).astext())
    missing = [each for each in values(source(name), key) if squeezed(each) not in said]
    assert not missing


@pytest.mark.parametrize("name", STATED)
def test_every_stated_call_has_a_section_with_its_numbers(name: str) -> None:
    contract = source(name)
    calls = contract["calls"]
    assert isinstance(calls, dict)
    tree = parsed(write(page(name)))
    sections = {
        texts_[0].astext(): each
        for each in tree.findall(docutils.nodes.section)
        if (texts_ := list(each.findall(docutils.nodes.title)))
    }
    for call, said in calls.items():
        shown = sections[call].astext()
        numbers = [each["value"] for each in said.get("numbers", [])]
        numbers += [said["number"]] if said.get("number") is not None else []
        for number in numbers:
            spelled = {str(number), f"{number:#x}", f"{number:#010x}"}
            assert spelled & set(re.findall(r"[\w-]+", shown)), (call, number)
        assert "Evidence" in shown


@pytest.mark.parametrize("name", ["linux-hyp-abi", "arm-hyp-stub-2016", "kvm-s390-diagnose"])
def test_html_and_man_page_say_what_the_page_says(name: str) -> None:
    def bag(text: str) -> set[str]:
        return set(re.findall(r"[A-Za-z]\w{3,}", text))

    tree = parsed(write(page(name))).deepcopy()
    for each in list(tree.findall(docutils.nodes.literal_block)):
        each.parent.remove(each)  # the diagram is a picture in HTML
    for comment in list(tree.findall(docutils.nodes.comment)):
        comment.parent.remove(comment)
    said = bag(tree.astext())
    html = bag(" ".join(Reader(document_html.write(page(name))).words))
    assert said - html == set()
    roff = re.sub(r"\\f[A-Z]|\\\(..", " ", document_man.write(page(name)))
    assert {each.lower() for each in said} - {each.lower() for each in bag(roff)} == set()


def test_a_page_of_one_kernel_has_its_calls_only() -> None:
    def calls(version: str) -> set[str]:
        at = Version.exact(version)
        tree = parsed(write(page_of(reading(shipped_contract("linux-hyp-abi"), at), "c")))
        return {each for each in texts(tree, docutils.nodes.title) if each.startswith("HVC_")}

    always = {"HVC_SET_VECTORS", "HVC_SOFT_RESTART", "HVC_RESET_VECTORS"}
    assert calls("5.10") == always
    assert calls("5.16") == {*always, "HVC_VHE_RESTART"}
    assert calls("6.12") == {*always, "HVC_FINALISE_EL2"}
    assert calls("7.2") == {*always, "HVC_FINALISE_EL2", "HVC_GET_ICH_VTR_EL2"}


def test_a_page_of_one_architecture_names_no_register_of_the_other() -> None:
    contract = shipped_contract("linux-hyp-abi")
    said = {
        each: parsed(write(page_of(reading(contract, None, (each,)), "c"))) for each in Architecture
    }
    codes = {each: set(texts(tree, docutils.nodes.literal)) for each, tree in said.items()}
    assert "VBAR_EL2" in codes[Architecture.ARM64]
    assert "HVBAR" in codes[Architecture.ARM]
    assert not [each for each in codes[Architecture.ARM64] if "HVBAR" in each]
    assert "VBAR_EL2" not in codes[Architecture.ARM]


def test_the_matrix_of_kernels_holds_each_number_where_the_contract_has_it() -> None:
    contract = shipped_contract("linux-hyp-abi")
    tree = parsed(write(page("linux-hyp-abi")))
    found = 0
    for table in tree.findall(docutils.nodes.table):
        head, *rows = [
            [cell.astext() for cell in row.findall(docutils.nodes.entry)]
            for row in table.findall(docutils.nodes.row)
        ]
        if head[0] != "From kernel":
            continue
        architecture = list(Architecture)[found]
        found += 1
        for column, text in enumerate(head[1:], 1):
            version = Version.exact(text)
            assert version is not None
            revision = revision_of(contract, version, architecture)
            numbers = {call.name: str(call.number) for call in revision.calls}
            shown = {row[0]: row[column] for row in rows if row[0].startswith("HVC_")}
            assert {name: each for name, each in shown.items() if each != "-"} == numbers
            parties = {party.name for party in revision.parties}
            assert {row[0] for row in rows if row[column] == "yes"} == parties
    assert found == 2


def test_the_table_of_services_is_what_the_contract_says() -> None:
    contract = shipped_contract("linux-hyp-abi")
    tree = parsed(write(page("linux-hyp-abi")))
    shown: list[dict[str, set[str]]] = []
    for table in tree.findall(docutils.nodes.table):
        head, *rows = [
            [cell.astext() for cell in row.findall(docutils.nodes.entry)]
            for row in table.findall(docutils.nodes.row)
        ]
        if head[0] == "Call" and head[1] == "Served by":
            shown.append({row[0]: set(re.split(r",\s*", row[1])) - {"-"} for row in rows})
    for architecture, table_ in zip(Architecture, shown, strict=True):
        for name, call in contract.calls.items():
            if name in table_:
                assert table_[name] == set(call.served_by.on(architecture) or ())


def test_every_move_stands_in_the_diagram() -> None:
    cycle = source("linux-hyp-abi")["life-cycle"]
    assert isinstance(cycle, dict)
    tree = parsed(write(page("linux-hyp-abi")))
    drawn = "\n".join(each.astext() for each in tree.findall(docutils.nodes.literal_block))
    spoken = {"any": "any call", "any-other": "any other identifier"}
    for move in cycle["transitions"]:
        call = spoken.get(move["call"], move["call"])
        assert re.search(rf"-- {call} --> [\[(]{move['to']}[\])]", drawn), move


@pytest.mark.parametrize("form", ["rst", "html", "man", "header"])
def test_the_same_contract_gives_the_same_bytes(form: str) -> None:
    start = "import sys; from hypabi.cli.main import main; sys.argv[0]='hypabi'; sys.exit(main())"
    said = {
        subprocess.run(
            [sys.executable, "-c", start, "document", "--format", form],
            capture_output=True,
            timeout=60,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(CONTRACTS.parents[1])},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(said) == 1


def test_pages_are_of_every_shipped_contract() -> None:
    assert {*HELD, *STATED} < set(PAGES)
    assert len(HELD) >= 4
    assert len(STATED) >= 4
