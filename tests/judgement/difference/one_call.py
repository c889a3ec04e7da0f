"""A contract of one call at one party, for tests that compare what two sides do of it."""

from dataclasses import replace

from hypabi.contract.clause import Clause, Ensures, KeepsRegisters, Returns
from hypabi.contract.revision import LiveCall, Revision, Row, Service
from tests.judgement.handler_contract import ERROR, REVISION, WHY, equal, new, number, old

SUCCESS = Clause("success", "", Ensures(equal(new("x0"), number(0))), WHY)
FRAME = Clause("registers", "", KeepsRegisters(("x0", "x1")), WHY)
RETURNS = Clause("returns", "", Returns(None), WHY)
REFUSED = Clause("refused", "", Ensures(equal(new("x0"), number(ERROR))), WHY)


def revision(name: str = "SET", identifier: int = 0, service: Service = Service.SERVED) -> Revision:
    """Return a contract of one call at one party."""
    served = ("stub",) if service is Service.SERVED else ()
    call = LiveCall(name, identifier, (), served, WHY)
    first = SUCCESS if service is Service.SERVED else REFUSED
    selects = equal(old("x0"), number(identifier))
    row = Row("stub", name, service, selects, (), (), (first, FRAME, RETURNS), None)
    return replace(REVISION, calls=(call,), rows=(row,))
