"""One chunk of a run: patients with these numbers, from the draw of their genotype to the tables.

A patient's number says which replicate and which arm she belongs to, so that chunks can be computed
in any order by anybody.  What depends on other patients is not computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.cohort import Cohort, draw_cohort
from rpoint.cohort import Population as CohortPopulation
from rpoint.immune import Switches
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.streams import uniforms
from rpoint.trial import observed
from rpoint.trial.adam import tables as adam_tables
from rpoint.trial.afterwards import burden, deaths, next_line
from rpoint.trial.immunity import Immunity
from rpoint.trial.life import Conduct, Lives, live
from rpoint.trial.parameters import Population, population
from rpoint.trial.patients import Patients, draw_patients
from rpoint.trial.prior import after_prior
from rpoint.trial.spec import MONTH_D, Trial
from rpoint.tumour.simulate import shipped

LONGEST_D = 1826  # days of follow-up where the cut-off waits for events: five years
NO_TABLES: dict[str, pd.DataFrame] = {}


@dataclass(frozen=True)
class Entry:
    """Who is who: arms, replicates and days of entry of some patients.

    Attributes
    ----------
    index, replicate
        (n,) global numbers and replicates.
    arm
        (n,) position of the arm.
    day
        (n,) trial day of entry.
    follow_up_d
        (n,) days from the first dose to the data cut-off.
    """

    index: np.ndarray
    replicate: np.ndarray
    arm: np.ndarray
    day: np.ndarray
    follow_up_d: np.ndarray


@dataclass(frozen=True)
class ArmLives:
    """The lives of one arm's patients in the trial's treatment and, where there is one, the next.

    Attributes
    ----------
    rows
        Positions of the arm's patients in the chunk.
    first
        On the arm's treatment.
    next, next_rows, next_day
        On the next line: who (positions in the arm) and from which day.
    death_day
        (n,) day of death at any time before the cut-off; infinite otherwise.
    """

    rows: np.ndarray
    first: Lives
    death_day: np.ndarray
    next: Lives | None = None
    next_rows: np.ndarray | None = None
    next_day: np.ndarray | None = None


def compute_chunk(
    trial: Trial,
    draw: Population | None,
    index: range | np.ndarray,
    seed: int,
    options: Mapping[str, Any] | None = None,
) -> dict[str, pd.DataFrame]:
    """Tables of the patients with these numbers.

    Parameters
    ----------
    trial
        The trial.
    draw
        Parameters of the population; the shipped ones when left out.
    index
        Global numbers: replicate times patients of the trial plus number within it.
    seed
        Of the run.
    options
        threads: of the engine (1 when left out); uncertain: whether replicates differ in the
        parameters of the population and its blood and in the facts of the immune part (True);
        draws: how many of the shipped draws they go through;
        ensemble: parameter sets of the cell model; fixed: parameters by hand;
        inclusion: rule by which plausible candidates become patients, "acceptance" or "weights" of
        `rpoint.cohort.draw_cohort` ("acceptance"; the weights are WEIGHT of adsl).

    Returns
    -------
    dict
        adsl, adtr, adrs, adtte, adae, adex, adlb.
    """
    options = dict(options or {})
    ensemble = options.get("ensemble") or shipped()
    if draw is None:
        draw = population(
            seed,
            uncertain=options.get("uncertain", True),
            draws=options.get("draws"),
            **options.get("fixed", {}),
        )
    entry = enter(trial, np.asarray(index), seed)
    rule = options.get("inclusion", "acceptance")
    cohort = draw_cohort(CohortPopulation.of(trial.population), entry.index, seed, rule=rule)
    patients = _patients(trial, entry, cohort, draw, ensemble, options)
    found = []
    for a, name in enumerate(trial.arms):
        rows = np.flatnonzero(entry.arm == a)
        if not len(rows):
            continue
        if trial.arms[name].observed_control is not None:
            found.append(observed.tables(trial, name, entry, cohort, rows, seed))
            continue
        arm = treat_arm(trial, name, rows, patients, entry, ensemble, seed, options)
        found.append(adam_tables.tables(trial, name, arm, entry, cohort))
    return {
        table: pd.concat([part[table] for part in found], ignore_index=True)
        for table in adam_tables.NAMES
    }


def enter(trial: Trial, index: np.ndarray, seed: int) -> Entry:
    """Arms, replicates and days of entry of the patients with these numbers."""
    replicate, number = np.divmod(index, trial.patients)
    edges = np.cumsum([arm.patients for arm in trial.arms.values()])
    months = trial.enrolment.months
    day = np.floor(uniforms(seed, "day of entry", index)[:, 0] * months * MONTH_D)
    cut = trial.cutoff
    if cut.months_after_last_entry is not None:
        end = (months + cut.months_after_last_entry) * MONTH_D
    elif cut.months_after_first_entry is not None:
        end = cut.months_after_first_entry * MONTH_D
    else:
        end = months * MONTH_D + LONGEST_D
    follow_up = np.maximum(np.floor(end - day), 1.0)
    return Entry(index, replicate, np.searchsorted(edges, number, side="right"), day, follow_up)


def conduct_of(trial: Trial, follow_up_d: np.ndarray, uncertain: bool = True) -> Conduct:
    """How the trial is run, in days."""
    a = trial.assessment
    horizon = int(np.max(follow_up_d))
    return Conduct(
        scan_days=trial.visits.scan_days(horizon / 7.0),
        horizon_d=horizon,
        treat_d=min(int(trial.treatment.max_months * MONTH_D), horizon),
        jitter_d=trial.visits.jitter_days,
        sd_log=a.reading_sd_log,
        new_lesions=a.new_lesions,
        non_target=a.non_target,
        confirm_weeks=a.confirm_weeks,
        min_sd_d=7.0 * a.min_sd_weeks,
        withdrawal_per_month=trial.dropout.per_month,
        beyond_progression=trial.treatment.beyond_progression,
        uncertain=uncertain,
    )


def _patients(
    trial: Trial, entry: Entry, cohort: Cohort, draw, ensemble, options: Mapping[str, Any]
) -> Patients:
    p = trial.population
    regimens = [regimen_of(arm.regimen) for arm in trial.arms.values() if arm.regimen is not None]
    regimens += [regimen_of(r) for r in (next_regimen(trial, n) for n in trial.arms) if r]
    regimens += [parse(p.prior)] if p.prior else []
    drugs = tuple(dict.fromkeys(drug for regimen in regimens for drug in regimen.drugs))

    def drawn(attempt: int = 0) -> Patients:
        return draw_patients(
            entry.index,
            entry.replicate,
            cohort.tumour_type,
            cohort.alterations,
            draw,
            ensemble,
            drugs,
            line=p.line,
            growth=p.growth,
            clones=p.resistant_clones,
            measurable=p.measurable == "required",
            cells=cohort.cells,
            doubling_d=cohort.doubling_time_d,
            burden_mm=cohort.burden_mm,
            attempt=attempt,
        )

    if p.prior is None:
        return drawn()
    return after_prior(
        drawn(), parse(p.prior), p.prior_share, ensemble, draw.seed, options.get("threads", 1),
        again=drawn, uncertain=options.get("uncertain", True),
    )  # fmt: skip


def regimen_of(text: str) -> Regimen:
    """The regimen of a text; "none" is no drug."""
    return Regimen.vehicle() if text.strip().lower() == "none" else parse(text)


def next_regimen(trial: Trial, arm: str) -> str | None:
    """What patients of an arm get at progression, if the trial says so."""
    spec = trial.arms[arm]
    if spec.next is not None:
        return spec.next.regimen
    if spec.crossover is not None:
        return trial.arms[spec.crossover].regimen
    return None


def treat_arm(
    trial: Trial, name: str, rows: np.ndarray, patients: Patients, entry: Entry, ensemble,
    seed: int, options: Mapping[str, Any],
) -> ArmLives:  # fmt: skip
    """The patients of one arm, on its treatment and on the next line."""
    spec, mine = trial.arms[name], patients.take(rows)
    follow_up = entry.follow_up_d[rows]
    conduct = conduct_of(trial, follow_up, options.get("uncertain", True))
    common: dict[str, Any] = {"line": trial.population.line, "threads": options.get("threads", 1)}
    switches = spec.immune.model_dump() if spec.immune is not None else {}
    first = live(
        mine, regimen_of(spec.regimen or "none"), conduct, ensemble, seed,
        rules=rules_of(spec.rules), immune=Immunity(Switches(**switches)), seen_until=follow_up,
        **common,
    )  # fmt: skip
    sld = burden(first, conduct.horizon_d)
    text = next_regimen(trial, name)
    later, who, day = None, None, None
    death = deaths(sld, mine, trial.population.line, seed, conduct.uncertain)
    if text is not None:
        alive_until = np.minimum(follow_up, death)
        later, who, day = _next(first, regimen_of(text), ensemble, seed, alive_until, common)
    if later is not None and who is not None and day is not None:
        more = burden(later, conduct.horizon_d)
        for k, i in enumerate(who.tolist()):
            start = int(day[k])
            sld[i, start:] = more[k, : sld.shape[1] - start]
        death = deaths(sld, mine, trial.population.line, seed, conduct.uncertain)
    known = np.minimum(first.withdrawal_day, follow_up)
    death = np.where(death <= known, death, np.inf)
    return ArmLives(rows, first, death, later, who, day)


def _next(first: Lives, regimen, ensemble, seed: int, until: np.ndarray, common):
    """The next line of those who progressed and are alive, in the study and before `until`."""
    day = np.where(np.isfinite(first.pd_day), first.pd_day + 14.0, np.inf)
    who = np.flatnonzero((day < np.minimum(first.study_end_day, until)) & (first.status == 0))
    if not len(who):
        return None, None, None
    start = day[who]
    left = first.seen_until[who] - start
    c = first.conduct
    step = c.scan_days[0] if c.scan_days else 56.0
    horizon = int(left.max())
    conduct = Conduct(
        **{
            **vars(c),
            "horizon_d": horizon,
            "treat_d": horizon,
            "scan_days": tuple(np.arange(step, horizon + 1, step)),
        }
    )
    patients = next_line(first, who, start)
    lives = live(
        patients, regimen, conduct, ensemble, seed, seen_until=left,
        **{**common, "line": common["line"] + 1},
    )  # fmt: skip
    return lives, who, start


def rules_of(rules: Any) -> Any:
    """Dose rules of an arm as the blood takes them; "none" is none."""
    return None if rules in (None, "none") else rules
