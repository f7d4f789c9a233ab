"""Simon's two-stage design for one response rate.

Stage 1 treats n1 patients and stops for futility at r1 or fewer responses; else stage 2 goes on to
n patients, and the treatment is promising with more than r responses.  Of all designs with error
rates α at p0 and β at p1, the optimal one has the least expected size at p0, the minimax one the
least n (ties: least expected size).  Designs between them that are best for some weight of n
against the expected size are admissible (Jung et al. 2004, doi:10.1002/sim.1719).

Source: Simon 1989, doi:10.1016/0197-2456(89)90015-9.  The search is exhaustive and exact.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats._counts import Floats, check_between
from rpoint.stats._simon_search import Candidate, front_of_designs

LARGEST_N = 400


@dataclass(frozen=True)
class TwoStage:
    """A two-stage design with its operating characteristics.

    Attributes
    ----------
    r1, n1, r, n
        Boundaries and sizes: stop at r1 or fewer of n1, promising above r of n.
    p0, p1
        Uninteresting and interesting response rate, 0–1.
    en0, en1
        Expected number of patients at p0 and p1.
    pet0, pet1
        Probability of early termination at p0 and p1.
    alpha, power
        Probability of the verdict "promising" at p0 and p1.
    criterion
        "optimal", "minimax", "admissible" or "given".
    """

    r1: int
    n1: int
    r: int
    n: int
    p0: float
    p1: float
    en0: float
    en1: float
    pet0: float
    pet1: float
    alpha: float
    power: float
    criterion: str = "given"

    def promising(self, responders: int) -> bool:
        """Whether `responders` of all n patients are enough.

        >>> design = characteristics(0, 10, 3, 29, p0=0.05, p1=0.20)
        >>> design.promising(6), design.promising(1)
        (True, False)
        """
        if not 0 <= responders <= self.n:
            raise RpointError(
                "responders are a number of the patients treated", found=responders,
                allowed=f"0 to {self.n}",
            )  # fmt: skip
        return responders > self.r

    def goes_on(self, responders: int) -> bool:
        """Whether `responders` of the first n1 patients open the second stage."""
        return responders > self.r1

    def summary(self) -> str:
        """The design and its characteristics on one line."""
        return (
            f"{self.criterion}: stop at ≤ {self.r1}/{self.n1}, promising above {self.r}/{self.n}; "
            f"expected size {self.en0:.2f}, early stop {self.pet0:.3f} at p0 = {self.p0:g}; "
            f"α {self.alpha:.4f}, power {self.power:.4f} at p1 = {self.p1:g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row with the fields as columns."""
        return pd.DataFrame([self.to_dict()])

    def __str__(self) -> str:
        return self.summary()


@dataclass(frozen=True)
class Designs:
    """What the search found.

    Attributes
    ----------
    optimal, minimax
        The two designs of Simon 1989.
    admissible
        All designs that are best for some weight, from minimax to optimal.
    """

    optimal: TwoStage
    minimax: TwoStage
    admissible: tuple[TwoStage, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a design."""
        return pd.DataFrame([d.to_dict() for d in self.admissible])

    def summary(self) -> str:
        """One line a design."""
        return "\n".join(d.summary() for d in self.admissible)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "optimal": self.optimal.to_dict(), "minimax": self.minimax.to_dict(),
            "admissible": [d.to_dict() for d in self.admissible],
        }  # fmt: skip


def probability_promising(r1: int, n1: int, r: int, n: int, p: Any) -> Floats:
    """P(more than r of n and more than r1 of n1) at response rates `p` (any shape)."""
    rate = np.asarray(p, dtype=float)[..., None]
    x = np.arange(r1 + 1, n1 + 1)
    rest = stats.binom.sf(r - x, n - n1, rate)
    return (stats.binom.pmf(x, n1, rate) * rest).sum(axis=-1)


def characteristics(
    r1: int, n1: int, r: int, n: int, *, p0: float, p1: float, criterion: str = "given"
) -> TwoStage:
    """Operating characteristics of a given design.

    Raises
    ------
    RpointError
        Unless 0 ≤ r1 < n1 < n, r1 ≤ r < n, and 0 < p0 < p1 < 1.
    """
    _rates(p0, p1)
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) for v in (r1, n1, r, n))
    if not whole or not (0 <= r1 < n1 < n and r1 <= r < n):
        raise RpointError(
            "this is no two-stage design",
            found=f"r1/n1 = {r1}/{n1}, r/n = {r}/{n}",
            allowed="whole numbers with 0 ≤ r1 < n1 < n and r1 ≤ r < n",
        )
    pet = stats.binom.cdf(r1, n1, [p0, p1])
    size = n1 + (1 - pet) * (n - n1)
    alpha, power = probability_promising(r1, n1, r, n, [p0, p1])
    return TwoStage(
        int(r1), int(n1), int(r), int(n), float(p0), float(p1),
        float(size[0]), float(size[1]), float(pet[0]), float(pet[1]),
        float(alpha), float(power), criterion,
    )  # fmt: skip


def simon(p0: float, p1: float, *, alpha: float = 0.05, beta: float = 0.2) -> Designs:
    """Optimal, minimax and admissible designs.

    Parameters
    ----------
    p0, p1
        Uninteresting and interesting response rate, 0 < p0 < p1 < 1.
    alpha, beta
        Largest probability of a wrong "promising" at p0 and of missing p1.

    Raises
    ------
    RpointError
        For rates that are not allowed, or so near that more than 400 patients would be needed.

    >>> simon(0.05, 0.20, alpha=0.05, beta=0.2).optimal.summary()[:41]
    'optimal: stop at ≤ 0/10, promising above '
    """
    _rates(p0, p1)
    alpha, beta = check_between("alpha", alpha, 0, 1), check_between("beta", beta, 0, 1)
    if alpha + beta >= 1:
        raise RpointError(
            "error rates that add to 1 or more need no trial", found=f"α {alpha:g}, β {beta:g}"
        )
    front = front_of_designs(p0, p1, alpha, beta, LARGEST_N)
    if not front:
        raise RpointError(
            f"no design of up to {LARGEST_N} patients has these error rates",
            found=f"p0 {p0:g}, p1 {p1:g}, α {alpha:g}, β {beta:g}",
            mend="let p1 be further from p0, or allow larger errors",
        )
    hull = _hull(front)
    names = {hull[0]: "minimax", hull[-1]: "optimal"}
    designs = tuple(
        characteristics(*front[i][2], p0=p0, p1=p1, criterion=names.get(i, "admissible"))
        for i in hull
    )
    minimax = replace(designs[0], criterion="minimax")
    return Designs(optimal=designs[-1], minimax=minimax, admissible=designs)


def _rates(p0: float, p1: float) -> None:
    check_between("p0", p0, 0, 1)
    check_between("p1", p1, 0, 1)
    if p0 >= p1:
        raise RpointError(
            "p0 must be below p1", found=f"p0 = {p0:g}, p1 = {p1:g}",
            mend="p0 is the rate of no interest, p1 the one worth finding",
        )  # fmt: skip


def _hull(front: list[Candidate]) -> list[int]:
    """Indices of the lower convex hull of expected size over n."""
    hull: list[int] = []
    for i, (size, n, _) in enumerate(front):
        while len(hull) > 1:
            (s0, n0, _), (s1, n1, _) = front[hull[-2]], front[hull[-1]]
            if (s1 - s0) * (n - n0) < (size - s0) * (n1 - n0):
                break
            hull.pop()
        hull.append(i)
    return hull
