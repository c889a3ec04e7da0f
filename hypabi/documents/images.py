"""What images show of a contract: each is opened once, and asked for its verdicts and its cases."""

from hypabi.analysis.check import judged
from hypabi.analysis.derivation import Wanted, derivation
from hypabi.analysis.findings.check import Check
from hypabi.analysis.results.check import CheckResult
from hypabi.analysis.session import open_image
from hypabi.analysis.summaries.check import summarize_check
from hypabi.analysis.summaries.derivation import summarize_derivation
from hypabi.contract.model import Contract
from hypabi.contract.version import Version
from hypabi.documents.interface.image_evidence import evidence
from hypabi.documents.interface.page import Evidence
from hypabi.records import frozen


@frozen(eq=False)
class Shown:
    """What an image shows of a contract."""

    check: Check
    result: CheckResult
    evidence: Evidence


def show_image(
    path: str, contract: Contract, version: Version | None, command: tuple[str, ...]
) -> Shown:
    """Return what an image shows of a contract.

    :raises HypabiError: the image cannot be read, or the contract does not speak of its version
    """
    session = open_image(path)
    check = judged(session.examine(contract, version), command)
    derived = derivation(session, Wanted(contract, version), command)
    shown = evidence(check, summarize_derivation(derived))
    return Shown(check, summarize_check(check), shown)
