"""What a kernel follows, held against real releases and against dpkg."""

import itertools
import shutil
import subprocess

import pytest

from hypabi.store.line import kernel_of, place_of, series_and_flavour, version_key
from tests.inputs import skip_for


@pytest.mark.parametrize(
    ("release", "series", "flavour"),
    [
        ("6.1.0-50-arm64", "6.1", "arm64"),
        ("6.1.0-56-rt-arm64", "6.1", "rt-arm64"),
        ("6.1.0-0.deb11.50-arm64", "6.1", "arm64"),
        ("6.12.94+deb13-arm64-16k", "6.12", "arm64-16k"),
        ("6.12.43+deb12-cloud-arm64", "6.12", "cloud-arm64"),
        ("7.3-rt-arm64", "7.3", "rt-arm64"),
        ("5.10.0-32-armmp-lpae", "5.10", "armmp-lpae"),
        ("6.18.0-rc3-00012-gabcdef123456-dirty", "6.18", ""),
        ("6.18.0-rc3-next-20261130", "6.18", ""),
        ("6.18.0-rc3-next-20261130-lts-arm64", "6.18", "lts-arm64"),
        ("6.18.0+", "6.18", ""),
        ("4.9.0", "4.9", ""),
        ("nonsense", "", ""),
    ],
)
def test_a_release_is_of_a_series_and_a_flavour(release: str, series: str, flavour: str) -> None:
    assert series_and_flavour(release) == (series, flavour)


def test_versions_are_ordered_as_dpkg_orders_them() -> None:
    if shutil.which("dpkg") is None:
        skip_for("packages", "dpkg is missing")
    versions = [
        "6.1.9-1", "6.1.99-1", "6.1.176-1", "6.1.176-1~deb11u1", "6.1.176-1~bpo12+1", "6.1",
        "7.3~rc7-1~exp1", "7.3-1", "7.3.4-1~bpo13+1", "6.12.43+deb12-1", "6.1a", "6.1+b", "6.1-1.1",
    ]  # fmt: skip
    for one, other in itertools.permutations(versions, 2):
        less = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False)
        assert (version_key(one) < version_key(other)) is (less.returncode == 0), (one, other)


def test_a_release_candidate_comes_before_its_release_and_commits_behind_it() -> None:
    ordered = ["6.17.9", "6.18.0-rc3", "6.18.0-rc3-00012-gffff", "6.18.0-rc3-00013-gaaaa", "6.18.0"]
    assert sorted(set(ordered), key=version_key) == ordered


def test_the_version_is_the_distribution_s_and_not_the_compiler_s() -> None:
    banner = (
        "Linux version 6.1.0-50-arm64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) "
        "12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP Debian 6.1.176-1 (2026-06-01)"
    )
    kernel = kernel_of("0" * 64, "arm64", banner, 1, "6.1.0-50-arm64")
    assert kernel.version == "6.1.176-1"
    reproducible = banner.replace("#1 SMP", "# SMP PREEMPT")  # from 7.x on no number is counted
    assert kernel_of("0" * 64, "arm64", reproducible, 1, "6.1.0-50-arm64").version == "6.1.176-1"
    plain = kernel_of("0" * 64, "arm64", "Linux version 6.1.7 (me) #1 SMP", 1, "6.1.7")
    assert plain.version == "6.1.7"


def test_kernels_of_a_line_stand_together_by_version() -> None:
    made = [
        kernel_of(f"{n:064}", "arm64", f"#1 SMP Debian {version} (x)", 1, release)
        for n, (version, release) in enumerate(
            [
                ("6.12.9-1", "6.12.9-arm64"),
                ("6.1.10-1", "6.1.0-2-arm64"),
                ("6.1.10-1", "6.1.0-2-rt-arm64"),
                ("6.1.9-1", "6.1.0-1-arm64"),
            ]
        )
    ]
    ordered = [(each.version, each.flavour) for each in sorted(made, key=place_of)]
    assert ordered == [
        ("6.1.9-1", "arm64"), ("6.1.10-1", "arm64"), ("6.1.10-1", "rt-arm64"), ("6.12.9-1", "arm64")
    ]  # fmt: skip
