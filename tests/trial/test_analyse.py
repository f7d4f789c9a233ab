"""Statistics of replicates, and predicted against published values, on tables made by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rpoint.stats.cox import cox
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.proportions import proportion
from rpoint.trial.analyse import Grid, analyse, plain, wanted
from rpoint.trial.analysed import in_subset, patient_rows
from rpoint.trial.compare import compare, interval, verdict
from rpoint.trial.read import read_trial
from rpoint.trial.spec import MONTH_D

ARMS = ("palbociclib+fulvestrant", "placebo+fulvestrant")


def tables(n=60, replicates=3, seed=2):
    """Two arms whose times are exponential."""
    rng = np.random.default_rng(seed)
    total = n * replicates
    index = np.arange(total)
    arm = np.where(index % n < 2 * n // 3, *ARMS)
    base = pd.DataFrame({
        "USUBJID": index.astype(str), "REPL": index // n, "PATIDX": index, "TRT01P": arm,
    })  # fmt: skip
    bor = rng.choice(["CR", "PR", "SD", "PD", "NE"], total)
    adsl = base.assign(
        SAFFL="Y", EFFFL="Y", SIMSTAT="ok", ENRLDT=rng.integers(0, 300, total), ALTER="",
        TUMTYPE="breast", DREDFL=np.where(rng.random(total) < 0.3, "Y", "N"),
        DCTREAS=np.where(rng.random(total) < 0.1, "ADVERSE EVENT", ""),
        PAKTBL=rng.random(total), VISCFL=np.where(rng.random(total) < 0.5, "Y", "N"),
    )  # fmt: skip
    adsl.loc[adsl["PATIDX"] % 4 == 0, "ALTER"] = "TP53:mut;MDM2:cn=14"
    times = rng.exponential(np.where(arm == ARMS[0], 350.0, 150.0)).round() + 1
    parts = [
        base.assign(PARAMCD=code, AVAL=times * k, CNSR=(rng.random(total) < 0.2).astype(int))
        for code, k in (("PFS", 1.0), ("OS", 2.0))
    ]
    adrs = pd.concat(
        [base.assign(PARAMCD=c, AVALC=bor, PCHG=rng.uniform(-80, 40, total))
         for c in ("BESTRSP", "CBESTRSP")]
    )  # fmt: skip
    severe = index[rng.random(total) < 0.4]
    adae = base.iloc[severe].assign(
        AETERM="Neutrophil count decreased", ATOXGR=rng.integers(1, 5, len(severe)), ASTDY=16,
        ADURN=9, SEVDURN=7.0,
    )  # fmt: skip
    return {"adsl": adsl, "adtte": pd.concat(parts), "adrs": adrs, "adae": adae}


@pytest.fixture(scope="module")
def trial():
    read = read_trial("paloma-3")
    return read.changed({"cutoff.months_after_first_entry": 24, "cutoff.events": None})


@pytest.fixture(scope="module")
def made():
    return tables()


@pytest.fixture(scope="module")
def found(trial, made):
    return analyse(trial, made)


def value(found, arm, endpoint, replicate=1, subset=""):
    row = found[(found["ARM"] == arm) & (found["ENDPOINT"] == endpoint)
                & (found["REPL"] == replicate) & (found["SUBSET"] == subset)]  # fmt: skip
    assert len(row) == 1
    return row.iloc[0]


def of(made, table, arm, replicate=1):
    frame = made[table]
    return frame[(frame["REPL"] == replicate) & (frame["TRT01P"] == arm)]


@pytest.mark.parametrize("arm", ARMS)
def test_medians_are_those_of_kaplan_and_meier(found, made, arm):
    one = of(made, "adtte", arm)
    one = one[one["PARAMCD"] == "PFS"]
    curve = kaplan_meier(one["AVAL"].to_numpy(float), 1 - one["CNSR"].to_numpy(int))
    row = value(found, arm, "pfs_median_months")
    np.testing.assert_allclose(
        [row["VALUE"], row["LO"], row["HI"]],
        np.array([curve.median.estimate, curve.median.lo, curve.median.hi]) / MONTH_D,
    )
    assert row["N"] == len(one)


def test_hazard_ratio_is_that_of_cox(found, made):
    both = pd.concat([of(made, "adtte", arm) for arm in ARMS])
    both = both[both["PARAMCD"] == "PFS"]
    frame = pd.DataFrame({
        "time": both["AVAL"].to_numpy(float), "event": 1 - both["CNSR"].to_numpy(int),
        "treated": (both["TRT01P"] == ARMS[0]).to_numpy(float),
    })  # fmt: skip
    fit = cox(frame["time"], frame["event"], frame[["treated"]])
    row = value(found, " vs ".join(ARMS), "pfs_hr")
    assert row["VALUE"] == pytest.approx(float(np.exp(fit.coef[0])), rel=1e-8)


def test_rates_have_exact_limits(found, made):
    best = of(made, "adrs", ARMS[0])
    best = best[best["PARAMCD"] == "BESTRSP"]["AVALC"]
    p = proportion(int(best.isin(("CR", "PR")).sum()), len(best))
    row = value(found, ARMS[0], "response_any_pct")
    np.testing.assert_allclose([row["VALUE"], row["LO"], row["HI"]], [p.percent, p.lo, p.hi])


def test_adverse_events_count_patients_by_worst_grade(found, made):
    events = of(made, "adae", ARMS[0])
    n = len(of(made, "adsl", ARMS[0]))
    for name, grades in (("g3", [3]), ("g4", [4])):
        share = value(found, ARMS[0], f"ae_neutropenia_{name}_pct")["VALUE"]
        assert share == pytest.approx(100 * events["ATOXGR"].isin(grades).sum() / n)
    assert value(found, ARMS[0], "ae_neutropenia_g3plus_onset_median_days")["VALUE"] == 16
    assert value(found, ARMS[0], "ae_neutropenia_g3plus_duration_median_days")["VALUE"] == 7


def test_a_subset_is_chosen_by_genotype_or_word(trial, made):
    rows = patient_rows(trial, made)
    assert (in_subset(rows, ["TP53:mut"]) == (rows["PATIDX"] % 4 == 0)).all()
    assert (in_subset(rows, ["MDM2:cn>=12"]) == (rows["PATIDX"] % 4 == 0)).all()
    assert (in_subset(rows, ["visceral:yes"]) == (rows["VISCFL"] == "Y")).all()
    halves = in_subset(rows, ["pakt:high"])
    assert halves.mean() == pytest.approx(0.5)


def test_a_cut_off_by_events_leaves_that_many(trial, made):
    waits = trial.changed({"cutoff.months_after_first_entry": None, "cutoff.events": 20})
    rows = patient_rows(waits, made)
    events = rows.groupby("REPL")["pfs_event"].sum()
    assert (events == 20).all()
    late = rows[rows["pfs_event"] == 0]
    step = 7 * trial.visits.scan_weeks
    assert (late["pfs"] % step == 0).sum() > len(late) // 3  # censored at a scan


def test_the_grid_holds_every_patient_once():
    grid = Grid.of(np.array([0, 2, 0, 2, 2]), np.array([1, 1, 0, 1, 1], bool), np.array([0, 1, 2]))
    assert grid.n.tolist() == [1, 0, 3]
    assert sorted(grid.take[grid.there].tolist()) == [0, 1, 3, 4]


def test_every_published_row_is_computed_under_its_plain_name(trial, found):
    names = set(zip(found["ARM"], found["ENDPOINT"], strict=True))
    for row in trial.published:
        if row.not_predicted is None and row.subset is None:
            assert (row.arm, plain(row.endpoint)) in names
    assert len(wanted(trial)) == len(set(wanted(trial)))


def test_hits_and_misses(trial, found):
    table = compare(trial, found)
    mask = (table["arm"] == ARMS[0]) & (table["endpoint"] == "pfs_median_months")
    row = table[mask & (table["subset"] == "")].iloc[0]
    mine = found[(found["ARM"] == ARMS[0]) & (found["ENDPOINT"] == "pfs_median_months")]
    mine = mine[mine["SUBSET"] == ""]["VALUE"]
    log = np.log(mine)
    half = stats.t.ppf(0.95, 2) * log.std(ddof=1) * np.sqrt(4 / 3)
    np.testing.assert_allclose(
        [row["q05"], row["predicted"], row["q95"]],
        [np.exp(log.mean() - half), mine.median(), np.exp(log.mean() + half)],
    )
    assert row["hit"] == (row["q05"] <= 11.2 <= row["q95"])
    counted = verdict(table).set_index("role")
    assert counted["hits"].sum() == table["hit"].sum()
    far = found.assign(VALUE=found["VALUE"] * 1000)
    assert not compare(trial, far)["hit"].any()


def test_a_median_that_is_not_reached_counts_as_longer(trial, found):
    lost = found.copy()
    lost.loc[lost["ENDPOINT"] == "pfs_median_months", "VALUE"] = np.nan
    row = compare(trial, lost)
    row = row[row["endpoint"] == "pfs_median_months"].iloc[0]
    assert np.isinf(row["predicted"]) and not row["hit"] and row["not_reached"] == 1.0


def _holds(row, endpoint):
    low, _, high = interval(row[:-1], endpoint)
    return low <= row[-1] <= high


def test_an_interval_of_few_replicates_holds_the_next_one_nine_times_in_ten():
    rng = np.random.default_rng(5)
    draws = np.exp(rng.normal(2.0, 0.3, (3000, 6)))
    held = [_holds(row, "pfs_hr") for row in draws]
    assert 0.88 < np.mean(held) < 0.92
    shares = 100 * rng.beta(3, 7, (3000, 5))
    held = [_holds(row, "orr_pct") for row in shares]
    assert 0.86 < np.mean(held) < 0.94
    many = np.arange(1.0, 101.0)
    assert interval(many, "pfs_hr") == (5.0, 50.0, 95.0)


def test_arms_drawn_from_published_curves_alone_can_be_analysed():
    """The null of a trial whose control is a published curve: both arms are drawn from it."""
    from rpoint.trial.compute import compute_chunk

    trial = read_trial("mantra")
    treated, control = trial.analysis.contrast
    curve = trial.arms[control]
    both = trial.model_copy(update={"arms": {treated: curve, control: curve}})
    made = compute_chunk(both, None, range(both.patients), 1)
    found = analyse(both, made)
    ratio = found[found["ENDPOINT"] == "pfs_hr"].iloc[0]
    assert ratio["LO"] < 1 < ratio["HI"]
    assert ratio["N"] == len(patient_rows(both, made)) < both.patients  # entered by the cut-off
    assert found[found["ENDPOINT"] == "best_target_change_pct"]["VALUE"].isna().all()
