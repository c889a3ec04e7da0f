"""A review that says one thing of each kind."""

from hypabi.analysis.results.review import (
    AgreementWord,
    FindingWord,
    ForgottenCaller,
    GivenAgreement,
    MustAgree,
    NewCall,
    PatchWord,
    Renumbered,
    ReviewChange,
    ReviewDrift,
    ReviewedPatch,
    ReviewedProgram,
    ReviewFinding,
    ReviewReproduction,
    ReviewResult,
)
from hypabi.arch.names import Architecture
from hypabi.records import replace
from hypabi.review.causes import causes_of

OWNER = "ARM64 PORT (AARCH64 ARCHITECTURE)"
LOST = ReviewFinding(
    program="arm64 kernel",
    rule="clause stub HVC_SOFT_RESTART restarted",
    word=FindingWord.REFUTED,
    text="control goes to x2",
    must_agree=(OWNER,),
    shown=("entered with x0 = 0x1, x1 = 0x40", *(f"elx_sync+{n:#x}   nop" for n in range(20))),
    parties=("stub",),
    call="HVC_SOFT_RESTART",
)
CHANGE = ReviewChange(
    program="arm64 kernel",
    party="stub",
    what="HVC_SOFT_RESTART",
    callers="old-callers",
    change="incompatible",
    text="end: x1, then x2",
    asked_by=("__hyp_soft_restart",),
    must_agree=(OWNER, "jailhouse"),
)


def made_patch(number: int, word: PatchWord = PatchWord.EQUAL) -> ReviewedPatch:
    return ReviewedPatch(
        number, f"patch {number}", f"p{number}@x", ("a.S",), word, (), (), (), (), 0, ()
    )


def made_review(*patches: ReviewedPatch) -> ReviewResult:
    """Return a review of patches; where none is given, the second of two breaks something."""
    bad = replace(
        made_patch(2, PatchWord.BROKEN),
        introduces=(LOST,),
        changes=(CHANGE,),
        renumbers=(
            Renumbered(
                program="arm64 kernel",
                architecture=Architecture.ARM64,
                call="HVC_SOFT_RESTART",
                old="0x1",
                new="0x4",
                at=("stub",),
                still=("trans-pgd",),
                callers=(ForgottenCaller("restart", "trans-pgd", "0x4"),),
                error="0xbadca11",
            ),
        ),
        causes=causes_of((LOST,)),
        new_calls=(NewCall("arm64 kernel", "HVC_NEW", "0x5", ("stub",), ("kvm-run",), ()),),
        drift=(ReviewDrift("call missing", "HVC_NEW (0x5)", None, contradicted=False),),
    )
    return ReviewResult(
        title="[PATCH v2 0/2] arm64: a series",
        message_id="cover@x",
        base="6.1.192",
        notes=("a note",),
        programs=(ReviewedProgram("arm64 kernel", "gcc 12.2.0", "0" * 64),),
        patches=patches or (made_patch(1), bad),
        preexisting=(replace(LOST, rule="caller f HVC_X result stub"),),
        remaining=(),
        agreement=(made_owner(AgreementWord.MISSING), made_owner(AgreementWord.GIVEN)),
        document="Documentation/virt/kvm/arm/hyp-abi.rst",
        document_touched=False,
        document_patch="",
        trusted=("SLEIGH",),
        reproduce=ReviewReproduction(
            command=("hypabi", "review", "series.mbox", "--tree", "linux"),
            versions={"hypabi": "0"},
            series_sha256="1" * 64,
        ),
    )


def made_owner(word: AgreementWord, who: str = OWNER) -> MustAgree:
    given = (GivenAgreement(2, "Acked-by", "Olive", "olive@example.org"),)
    is_given = word is AgreementWord.GIVEN
    return MustAgree(
        who=who,
        word=word,
        people=("Olive <olive@example.org>",),
        copies=("list@example.org",),
        because=("stub, HVC_SOFT_RESTART",),
        patches=(2,),
        missing=() if is_given else (2,),
        given=given if is_given else (),
    )
