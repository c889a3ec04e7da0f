from hypabi.analysis.results.callers import SiteVerdict
from hypabi.report.callers.findings import findings_of
from tests.report import made_callers
from tests.report.told import held_to_the_law


def test_call_sites_of_every_verdict_are_held_to_the_law() -> None:
    for verdict in SiteVerdict:
        site = made_callers.site(made_callers.CHANCE, verdict=verdict)
        held_to_the_law(findings_of(made_callers.callers(site)))
    held_to_the_law(findings_of(made_callers.of_every_kind()))


def test_no_call_site_at_all_is_told() -> None:
    told = findings_of(made_callers.callers())
    assert [each.rule.id for each in told.every()] == ["HYP-UNDECIDED-NOTHING-JUDGED"]
    held_to_the_law(told)


def test_a_call_site_says_where_it_is_and_what_it_asks_for() -> None:
    told = findings_of(made_callers.of_every_kind())
    uninitialised, unresolved = told.every()
    assert uninitialised.rule.id == "HYP-SITE-UNINITIALISED"
    assert uninitialised.sentence == "f+0x4: x0 is uninitialised: nobody sets it"
    assert uninitialised.about == {"caller": "lost", "call": "uninitialised"}
    assert unresolved.about["call"] == "unresolved, linux-hyp-abi/HVC_SET_VECTORS"
    assert unresolved.text.startswith("x0 depends on what the call at 0xffff800008000800 (sync)")
