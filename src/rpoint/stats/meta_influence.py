"""How a pooled value depends on its studies: leave-one-out and subgroups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats.meta_result import Meta


def leave_one_out(meta: Meta) -> pd.DataFrame:
    """The pooled value without each study in turn.

    Returns
    -------
    pandas.DataFrame
        One row a study: study (left out), estimate, lo, hi, pi_lo, pi_hi, tau2, i2, q, q_p,
        shift (estimate minus that of all studies), status ("ok" or why there is no number).
    """
    if meta.k < 3:
        raise RpointError(
            "leaving one study out needs at least three studies", found=f"{meta.k} studies"
        )
    everyone = np.arange(meta.k)
    rows = []
    for i, name in enumerate(meta.studies["study"]):
        rows.append({"study": name} | _row(meta, everyone[everyone != i]))
    table = pd.DataFrame(rows)
    table.insert(len(table.columns) - 1, "shift", table["estimate"] - meta.estimate)
    return table


def _row(meta: Meta, keep: np.ndarray) -> dict[str, Any]:
    keys = ("estimate", "lo", "hi", "pi_lo", "pi_hi", "tau2", "i2", "q", "q_p")
    try:
        part = again(meta, keep)
    except RpointError as error:  # one row that cannot be pooled does not end the table
        return dict.fromkeys(keys, np.nan) | {"status": error.what}
    return {key: getattr(part, key) for key in keys} | {"status": "ok"}


def again(meta: Meta, keep: np.ndarray) -> Meta:
    """The same analysis of some of its studies."""
    if meta.again is None:
        raise RpointError("this result cannot be computed again", mend="make it with meta_…()")
    return meta.again(keep)


@dataclass(frozen=True)
class Subgroups:
    """Pooled values of groups of studies, each with its own τ².

    Attributes
    ----------
    groups
        Name to result; a group of one study is left out and named in `single`.
    single
        Groups of one study.
    q_between, df, p
        Wald test that all groups have one pooled value.
    """

    groups: dict[str, Meta]
    single: tuple[str, ...]
    q_between: float
    df: int
    p: float

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, k, estimate, lo, hi, pi_lo, pi_hi, tau2, i2."""
        keys = ("k", "estimate", "lo", "hi", "pi_lo", "pi_hi", "tau2", "i2")
        return pd.DataFrame(
            [{"group": n} | {key: getattr(m, key) for key in keys} for n, m in self.groups.items()]
        )

    def summary(self) -> str:
        """A line a group and the test between them."""
        lines = [f"{name}: {m.summary().splitlines()[0]}" for name, m in self.groups.items()]
        lines += [f"{name}: one study, not pooled" for name in self.single]
        test = f"between groups: Q = {self.q_between:.2f} on {self.df} df (p = {self.p:.2g})"
        return "\n".join([*lines, test])

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "groups": self.to_frame().to_dict("records"), "single": list(self.single),
            "q_between": self.q_between, "df": self.df, "p": self.p,
        }  # fmt: skip


def subgroups(meta: Meta, by: Any) -> Subgroups:
    """Pool within the groups that `by` (k,) names, and test between them.

    A difference between groups of studies is an association, not an effect of what names them.

    Raises
    ------
    RpointError
        If `by` has not one name a study, or fewer than two groups have two studies.
    """
    names = np.array([str(g).strip() for g in by], dtype=object)
    if len(names) != meta.k:
        raise RpointError(
            "there are not as many groups as studies", found=f"{len(names)} for {meta.k} studies"
        )
    found, single = {}, []
    for name in dict.fromkeys(names):
        keep = np.flatnonzero(names == name)
        if len(keep) < 2:
            single.append(name)
        else:
            found[name] = again(meta, keep)
    if len(found) < 2:
        raise RpointError(
            "subgroups need at least two groups of at least two studies",
            found=", ".join(f"{g}: {int((names == g).sum())}" for g in dict.fromkeys(names)),
        )
    b = np.array([m.b for m in found.values()])
    w = 1 / np.array([m.se for m in found.values()]) ** 2
    q = float(w @ (b - w @ b / w.sum()) ** 2)
    df = len(found) - 1
    return Subgroups(found, tuple(single), q, df, float(stats.chi2.sf(q, df)))
