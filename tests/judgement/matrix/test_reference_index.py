"""The index of the reference images is read as strictly as a file that anybody wrote."""

import re

import pytest

from hypabi.decode.place import FileError
from hypabi.home import REFERENCES
from hypabi.judgement.matrix.reference_index import parse_index, read_index
from tests.reference.references import read_index as read_plain

TEXT = (REFERENCES / "index.yaml").read_text("utf-8")


def refusal(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(FileError) as refused:
        parse_index(TEXT.replace(old, new, 1).encode(), "index.yaml")
    return str(refused.value)


def test_it_says_what_an_ordinary_reader_reads() -> None:
    plain = read_plain()["images"]
    for image, reference in zip(plain, read_index().references, strict=True):
        assert reference.name == image["name"]
        assert [form.name for form in reference.forms] == image["forms"]
        calls = {name: sets["call"] for name, sets in image["callers"].items()}
        assert {each.name: each.call for each in reference.callers} == calls
        tables = {name: party["vectors"] for name, party in image["parties"].items()}
        assert {each.name: each.vectors for each in reference.parties} == tables


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("forms: [a32, t32,", "forms: [a33, t32,", r"images\[0\].forms: there is no 'a33'; did"),
        ("callers: [A1]", "callers: [A2]", r"images\[0\].callers: there is no 'A2'; did you mean"),
        ("{call: GET, r0: -1}", "{r0: -1}", r"__hyp_get_vectors: the key 'call' is missing"),
        ("architecture: arm\n", "architecture: x86\n", "wants one of arm, arm64, has the text"),
        ("units: [stub]", "unit: [stub]", r"unit: unknown key; did you mean 'units'"),
        ("byte-order: little", "byte-order: middle", "byte-order: wants one of little, big"),
    ],
)
def test_what_it_cannot_mean_is_refused_where_it_stands(old: str, new: str, what: str) -> None:
    assert re.match(rf"index.yaml:\d+: .*{what}", refusal(old, new))
