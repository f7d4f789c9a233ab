"""Patient-derived xenografts: models, studies with n mice per arm, and how they are judged.

A model is one tumour with one parameter set of the ensemble; its mice differ a little in growth,
clearance and start volume, and are measured with calipers.  Every mouse has one arm; mice of
different arms are different animals unless a study is `paired`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rpoint import catalog
from rpoint.errors import RpointError, unknown_name
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.streams import choices
from rpoint.tumour.lanes import run_courses
from rpoint.tumour.measure import calipers, response_table, tumour_growth_inhibition
from rpoint.tumour.noun import Tumour
from rpoint.tumour.simulate import in_host, shipped, time_grid
from rpoint.tumour.sizes import growing_sets, lesion_volumes
from rpoint.tumour.subjects import Subjects, check_count, draw_mice

CONTROL = "vehicle"
DEFAULT_START_MM3 = (
    200.0  # where the catalogue gives none; xenografts of Gao 2015 start at 239 +- 53
)
LIMIT_MM3 = 2000.0  # mice are taken off study by then
VISIT_DAYS = 3.5  # twice a week


@dataclass(frozen=True, repr=False)
class Pdx:
    """One xenograft model.  Immutable.

    Parameters
    ----------
    name
        Of the model.
    tumour
        Type, alterations, clones, growth.
    start_mm3
        Mean volume at which treatment starts; the catalogue's for the type when None.
    """

    name: str
    tumour: Tumour
    start_mm3: float | None = None

    @property
    def start(self) -> float:
        """Mean start volume, mm3."""
        if self.start_mm3 is not None:
            return self.start_mm3
        for growth in catalog.tumour(self.tumour.kind).growth:
            if growth.measure == "pdx_start_volume":
                return growth.value.to("mm3")
        return DEFAULT_START_MM3

    def __repr__(self) -> str:
        days, _ = self.tumour.growth("mouse")
        return f"<Pdx {self.name}: {self.tumour!r}, doubles in {days:.1f} d, {self.start:.0f} mm3>"


@dataclass(frozen=True, repr=False)
class PdxStudy:
    """Arms in one or more xenograft models.

    Parameters
    ----------
    models
        The models.
    arms
        Name to a regimen of mice ("ribociclib 75 mg/kg po qd"); an arm "vehicle" is added.
    n
        Mice in every arm, or by arm.
    weeks
        Length of treatment.
    limit_mm3
        A mouse leaves after the first visit above this volume; None: none leaves.
    paired
        The same mice in every arm: no experiment, but the contrast without chance.
    """

    models: tuple[Pdx, ...]
    arms: Mapping[str, str | Regimen]
    n: int | Mapping[str, int] = 8
    weeks: float = 4
    limit_mm3: float | None = LIMIT_MM3
    paired: bool = False

    def __post_init__(self) -> None:
        for arm, mice in self.mice().items():
            check_count(f"mice in arm {arm}", mice)
        names = [model.name for model in self.models]
        if not names or len(set(names)) != len(names):
            raise RpointError("a study needs models with different names", found=names)

    def plans(self) -> dict[str, Regimen]:
        """Arms as regimens, the control first."""
        plans = {k: v if isinstance(v, Regimen) else parse(v) for k, v in self.arms.items()}
        if any(not plan.drugs for plan in plans.values()):
            return plans
        return {CONTROL: Regimen.vehicle(), **plans}

    def mice(self) -> dict[str, int]:
        """Mice per arm."""
        plans = self.plans()
        if isinstance(self.n, Mapping):
            for name in self.n:
                if name not in plans:
                    raise unknown_name("arm", name, plans)
            return {name: self.n.get(name, max(self.n.values())) for name in plans}
        return dict.fromkeys(plans, self.n)

    def run(
        self,
        ensemble: Any = None,
        seed: int = 1,
        *,
        nodes: int = 3,
        jobs: int | None = None,
        sets: Mapping[str, int] | None = None,
    ) -> PdxResult:
        """Treat the mice.

        Parameters
        ----------
        ensemble
            Parameter sets; the shipped ensemble when left out.
        seed
            Seed.
        nodes
            Cell-to-cell nodes.
        jobs
            Threads.
        sets
            Model name to row of the ensemble; drawn by weight when left out.
        """
        ensemble = shipped() if ensemble is None else ensemble
        tables = [
            self._run_model(model, ensemble, seed, nodes, jobs, sets or {}) for model in self.models
        ]
        return PdxResult(self, pd.concat(tables, ignore_index=True), seed)

    def _run_model(self, model, ensemble, seed, nodes, jobs, sets) -> pd.DataFrame:
        tumour, plans, mice = model.tumour, self.plans(), self.mice()
        genotypes = [in_host(genotype) for genotype in tumour.genotypes()]
        own_seed = f"{seed}|{model.name}"
        row = sets.get(model.name)
        if row is None:
            lead = genotypes[int(np.argmax(tumour.fractions))]
            weights = ensemble.weights * growing_sets(ensemble, lead, nodes, jobs)
            row = int(choices(seed, f"set of {model.name}", 1, weights)[0])
        total = max(mice.values()) if self.paired else sum(mice.values())
        drugs = tuple(dict.fromkeys(d for plan in plans.values() for d in plan.drugs))
        subjects = draw_mice(tumour, total, row, _as_seed(own_seed), drugs, start_mm3=model.start)
        courses = run_courses(
            subjects, genotypes, plans, time_grid(self.weeks), ensemble, nodes=nodes, threads=jobs
        )
        volumes = lesion_volumes(subjects, courses).sum(axis=(2, 3))
        return self._measured(model.name, subjects, volumes, courses.times_h, _as_seed(own_seed))

    def _measured(self, name: str, subjects: Subjects, volumes, times_h, seed) -> pd.DataFrame:
        """Tidy volumes of the mice in their arms."""
        days = np.arange(0.0, times_h[-1] / 24.0 + 1e-9, VISIT_DAYS)
        pick = np.searchsorted(times_h, 24.0 * days)
        rows, first = [], 0
        for a, (arm, count) in enumerate(self.mice().items()):
            ids = np.arange(count) + (0 if self.paired else first)
            first += count
            true = volumes[ids, a][:, pick]
            seen = calipers(volumes[:, a][:, pick], seed)[ids]
            stay = self._on_study(seen)
            mouse, visit = np.nonzero(stay)
            rows.append(
                pd.DataFrame(
                    {
                        "model": name,
                        "arm": arm,
                        "mouse": ids[mouse],
                        "day": days[visit],
                        "volume_mm3": seen[mouse, visit],
                        "true_volume_mm3": true[mouse, visit],
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def _on_study(self, seen: np.ndarray) -> np.ndarray:
        """(mice, visits) whether a mouse is still there: until its first visit above the limit."""
        if self.limit_mm3 is None:
            return np.ones(seen.shape, bool)
        over = np.cumsum(seen > self.limit_mm3, axis=1)
        return np.concatenate([np.zeros((len(seen), 1)), over[:, :-1]], axis=1) == 0

    def __repr__(self) -> str:
        arms = ", ".join(f"{arm} n={count}" for arm, count in self.mice().items())
        return f"<PdxStudy {len(self.models)} models, {self.weeks:g} weeks: {arms}>"


@dataclass(frozen=True, repr=False)
class PdxResult:
    """Measured volumes of a study.

    Attributes
    ----------
    volumes
        model, arm, mouse, day, volume_mm3 (calipers), true_volume_mm3.
    """

    study: PdxStudy
    volumes: pd.DataFrame
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """A copy of the volumes."""
        return self.volumes.copy()

    def response(self) -> pd.DataFrame:
        """One row per mouse: slope, growth inhibition, best responses, class (Gao 2015)."""
        return response_table(self.volumes)

    def endpoint(self) -> pd.DataFrame:
        """Last volume of every mouse: model, arm, mouse, day, volume_mm3, start_mm3."""
        grouped = self.volumes.groupby(["model", "arm", "mouse"], sort=False)
        last = grouped[["day", "volume_mm3"]].last()
        last["start_mm3"] = grouped["volume_mm3"].first()
        return last.reset_index()

    def summary(self) -> pd.DataFrame:
        """One row per model and arm: mice, mean endpoint, TGI, T/C, median growth inhibition.

        TGI compares the growth of the means with that of the control; T/C is the ratio of the mean
        end volumes, both in %.  Mice that left count with their last volume.
        """
        ends, single = self.endpoint(), self.response()
        control = next(name for name, plan in self.study.plans().items() if not plan.drugs)
        rows = []
        for (model, arm), one in ends.groupby(["model", "arm"], sort=False):
            base = ends[(ends["model"] == model) & (ends["arm"] == control)]
            start = float(pd.concat([one, base])["start_mm3"].mean())
            mine = single[(single["model"] == model) & (single["arm"] == arm)]
            volumes, reference = one["volume_mm3"].to_numpy(), base["volume_mm3"].to_numpy()
            rows.append(
                {
                    "model": model,
                    "arm": arm,
                    "mice": len(one),
                    "end_mm3": float(volumes.mean()),
                    "fold": float((one["volume_mm3"] / one["start_mm3"]).mean()),
                    "tgi_pct": tumour_growth_inhibition(reference, volumes, start),
                    "t_over_c_pct": 100.0 * float(volumes.mean() / reference.mean()),
                    "growth_inhibition_frac": float(mine["growth_inhibition_frac"].median()),
                }
            )
        return pd.DataFrame(rows)

    def test(self, arm: str, against: str, model: str | None = None) -> float:
        """Two-sided p of Welch's t-test on ln end volume of two arms."""
        a, b = (self._ends(name, model) for name in (arm, against))
        return float(stats.ttest_ind(np.log(a), np.log(b), equal_var=False).pvalue)

    def anova(self, model: str | None = None) -> float:
        """p of one-way analysis of variance on ln end volume over all arms."""
        groups = [np.log(self._ends(arm, model)) for arm in self.study.plans()]
        return float(stats.f_oneway(*groups).pvalue)

    def _ends(self, arm: str, model: str | None) -> np.ndarray:
        """End volumes of an arm, at least 1 mm3 (what calipers can still tell from nothing)."""
        if arm not in self.study.plans():
            raise unknown_name("arm", arm, self.study.plans())
        ends = self.endpoint()
        models = [m.name for m in self.study.models]
        if model is None and len(models) > 1:
            raise RpointError("several models: name one", allowed=", ".join(models))
        keep = (ends["arm"] == arm) & (ends["model"] == (models[0] if model is None else model))
        return np.maximum(ends.loc[keep, "volume_mm3"].to_numpy(), 1.0)

    def plot(self, model: str | None = None) -> Any:
        """Volumes of every mouse of one model, a `Figure`."""
        from rpoint.plots.tumour import xenograft_curves

        chosen = self.study.models[0].name if model is None else model
        table = self.volumes[self.volumes["model"] == chosen]
        if table.empty:
            raise unknown_name("model", chosen, [m.name for m in self.study.models])
        return xenograft_curves(table, f"{chosen}: xenografts", ())

    def __repr__(self) -> str:
        return f"<PdxResult {self.study!r}, {len(self.volumes)} volumes>"


def pdx(
    name: str,
    kind: str,
    *alterations: str,
    doubling_time_d: float | None = None,
    start_mm3: float | None = None,
) -> Pdx:
    """A xenograft model of a tumour type with alterations.

    >>> pdx("M1", "melanoma", "CCND1:amp", doubling_time_d=11.0)
    <Pdx M1: <Tumour melanoma; CCND1:amp; doubles in 11 d>, doubles in 11.0 d, 208 mm3>
    """
    from rpoint.tumour.noun import tumour

    made = tumour(kind).with_alterations(*alterations)
    return Pdx(name, made.with_growth(doubling_time_d=doubling_time_d), start_mm3)


def _as_seed(text: str) -> int:
    """A seed of its own for every model of a study."""
    import hashlib

    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "little")
