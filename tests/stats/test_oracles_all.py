"""Every golden number of `tests/golden/oracles.json`, against the functions that users call.

The file holds 165 entries with inputs, expected values, tolerance, source and how far each is to be
trusted.  A topic here turns the inputs of an entry into the shape of its expected values; one
comparison does the rest, so that no value can be left out silently.  What no function of endpoints
and statistics computes is named in `ELSEWHERE` and `NOT_OURS`, and counted.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rpoint.endpoints.adverse_events import ctcae_grade
from rpoint.endpoints.best_response import best_response
from rpoint.endpoints.hyperprogression import hyperprogression
from rpoint.endpoints.irecist import ibor
from rpoint.endpoints.mrecist import mrecist
from rpoint.endpoints.recist import overall_response, recist
from rpoint.stats import growth_metrics
from rpoint.stats.basket import basket
from rpoint.stats.batched import batched_survival
from rpoint.stats.bliss_hsa import bliss, highest_single_agent
from rpoint.stats.ecological import baseline_risk, ecological_bound
from rpoint.stats.effects import freeman_tukey
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.loewe import combination_index
from rpoint.stats.meta import meta_proportions
from rpoint.stats.printed import counts_that_print, prints_as
from rpoint.stats.proportions import proportion
from rpoint.stats.simon import characteristics, simon
from rpoint.stats.two_proportions import fisher_exact

FILE = Path(__file__).resolve().parents[1] / "golden" / "oracles.json"
ORACLES = json.loads(FILE.read_text(encoding="utf-8"))["oracles"]
MONTH_D = 30.4375

# Whole entries that belong to another part, with the part.
ELSEWHERE = {"wander_independence": "a generator of cohorts (Poisson-binomial), no analysis"}
# Single values of entries: they show what another analysis would have given.
NOT_OURS = {
    "wander_AURKA_tests": {
        "welch_t": "t test of a 2 x 2 table: shown in the source as a mistake, not offered",
        "student_t": "the same",
    },
}
# Values printed with fewer digits than the tolerance of their entry: ours are rounded like them.
PRINTED_TO = {"nadir_time_gd": 4}  # ln(d / g) / (d + g) is 51.19313
COUNTS = {
    "binomial_interval": 43, "fisher_2x2": 18, "recist": 18, "km_scan_grid": 11,
    "simon_two_stage": 11, "recist_bor": 11, "hpd": 8, "irecist": 8, "km_median_ci": 6,
    "meta_proportions": 6, "freeman_tukey": 5, "mrecist_mouse": 5, "bayesian_basket": 4,
    "growth": 3, "rounded_percent": 2, "ctcae": 2, "synergy": 2, "hpd_regression": 1,
    "cohort_generator": 1,
}  # fmt: skip
# The tolerance of an entry that applies to a value, where it has more than one.
TOLERANCE_OF = {
    "posterior_mean": "mean_abs", "prob_gt_p0": "prob_abs", "fisher_two_sided_p": "p_rel",
    "resistant_percent": "percent_abs", "clopper_pearson_resistant": "percent_abs",
    "pooled": "pooled_abs", "ci_low": "pooled_abs", "ci_high": "pooled_abs",
    "pi_low": "pooled_abs", "pi_high": "pooled_abs", "Q": "pooled_abs", "tau2": "tau2_abs",
    "index": "index_abs", "verdict": "verdict", "r1": "design", "n1": "design", "r": "design",
    "n": "design", "probability_of_pattern": "probability_abs",
    "median_of_km_median": "median_abs", "median_LCL": "median_abs", "median_UCL": "ucl_abs",
}  # fmt: skip


def binomial_interval(given: dict) -> dict:
    if "counts" in given:
        (any_, n), (confirmed, _) = given["counts"]
        return {
            "printed": [str(prints_as(x, n, given["decimals"])) for x, n in given["counts"]],
            "any_equals_confirmed_plus_unconfirmed": [any_, confirmed, any_ - confirmed],
        }
    found = {}
    for method in ("clopper-pearson", "wilson", "jeffreys"):
        one = proportion(given["x"], given["n"], level=given["level"], method=method)
        found[method.replace("-", "_")] = [one.lo, one.hi]
    return {"percent": one.percent, **found}


def rounded_percent(given: dict) -> dict:
    if "counts" in given:
        n = given["n"]
        # 22/86 is 25.58 %: what the source printed is cut off, not rounded
        printed = [float(prints_as(x, n, 1)) for x in given["counts"]]
        assert printed[1] == 25.6 and (22, 86) not in counts_that_print("25.5", 86)
        cut = [np.floor(1000 * x / n) / 10 for x in given["counts"]]
        assert cut[0] == printed[0] and cut[2] == printed[2]
        return {
            "percent": [proportion(x, n).percent for x in given["counts"]],
            "printed": [printed[0], cut[1], printed[2]],
        }
    lists = [
        [list(pair) for pair in counts_that_print(f"{value:.{decimals}f}", n_max)]
        for (value, decimals), n_max in zip(given["percent_decimals"], given["n_max"])
    ]
    return {"counts": lists}


def km_median_ci(given: dict) -> dict:
    found = kaplan_meier(
        given["time"], given["event"], transform=given["transform"], level=given["level"]
    ).median
    return {"median": found.estimate, "lower": found.lo, "upper": found.hi}


def km_scan_grid(given: dict) -> dict:
    if "weeks" in given:
        return {"months": [7 * weeks / MONTH_D for weeks in given["weeks"]]}
    trials, n = given["trials"], given["n"]
    rng = np.random.default_rng([11, n, int(10 * given["true_median_progression_months"])])
    scale = given["true_median_progression_months"] / np.log(2)
    progression = rng.exponential(scale, (trials, n))
    death = rng.exponential(14 / np.log(2), (trials, n))
    censored = rng.exponential(20, (trials, n))
    scans = np.arange(1, 40) * 56 + rng.uniform(-5, 5, (trials, n, 39))  # days
    after = scans / MONTH_D >= progression[..., None]
    seen = np.where(after.any(-1), (scans / MONTH_D)[*np.indices((trials, n)), after.argmax(-1)],
                    np.inf)  # fmt: skip
    event = np.minimum(seen, death)
    found = batched_survival(
        np.minimum(event, censored), event <= censored, np.zeros(n), parts=("medians",)
    )
    median, low, high = (a[:, 0] for a in (found.median, found.median_lo, found.median_hi))
    pattern = (np.abs(median - 3.5) < 0.35) & (np.abs(low - 1.8) < 0.25)
    pattern &= np.abs(high - 3.7) < 0.3
    high = np.where(np.isnan(high), np.inf, high)
    return {
        "probability_of_pattern": pattern.mean(), "median_of_km_median": np.nanmedian(median),
        "median_LCL": np.nanmedian(low), "median_UCL": np.median(high),
    }  # fmt: skip


def simon_two_stage(given: dict) -> dict:
    if "design" in given:
        design = characteristics(*given["design"], p0=0.05, p1=0.2)
        return {
            "any_passes_final": design.promising(given["responders_any"]),
            "confirmed_passes_final": design.promising(given["responders_confirmed"]),
        }
    designs = simon(given["p0"], given["p1"], alpha=given["alpha"], beta=given["beta"])
    found = getattr(designs, given["criterion"])
    return {
        "r1": found.r1, "n1": found.n1, "r": found.r, "n": found.n, "EN_p0": found.en0,
        "PET_p0": found.pet0, "alpha": found.alpha, "power": found.power,
    }  # fmt: skip


def bayesian_basket(given: dict) -> dict:
    model = "beta" if given["model"].startswith("beta") else given["model"].lower()
    found = basket(given["x"], given["n"], p0=given.get("p0", 0.15), model=model).table
    means = {"posterior_mean": found["mean"].tolist()}
    return means if model == "beta" else {**means, "prob_gt_p0": found["prob"].tolist()}


def meta_of_proportions(given: dict) -> dict:
    parts = given["method"].split("_")
    transform = {"PFT": "freeman-tukey", "PAS": "arcsine"}.get(parts[0], "logit")
    method = parts[0] if parts[0] == "GLMM" else parts[1]
    found = meta_proportions(
        given["xi"], given["ni"], study=given["studies"], method=method, transform=transform,
        test="hk" if parts[-1] == "HK" else "z",
    )  # fmt: skip
    return {
        "pooled": found.estimate, "ci_low": found.lo, "ci_high": found.hi, "pi_low": found.pi_lo,
        "pi_high": found.pi_hi, "tau2": found.tau2, "I2": found.i2, "Q": found.q,
    }  # fmt: skip


def double_arcsine(given: dict) -> dict:
    y, v = freeman_tukey(given["x"], given["n"])
    return {"y": float(y), "v": float(v)}


INDEX = {
    "TGR_pre": "tgr_pre", "TGR_post": "tgr_post", "TGR_ratio": "tgr_ratio",
    "delta_TGR": "delta_tgr", "TGK_ratio": "tgk_ratio", "pace_ratio": "pace_ratio",
    "burden_change_percent": "burden_change_pct", "TTF_months": "ttf_months",
    "RECIST_PD": "pd_at_first",
}  # fmt: skip
VERDICT = {
    "Champiat_2017": "champiat", "Saada_Bouzid_2017": "saada_bouzid", "Kato_2017": "kato",
    "Nanchang_2019": "nanchang", "Ferrara_2018": "ferrara", "Lo_Russo_2019": "lo_russo",
    "Matos_2020": "matos", "Kas_2020": "kas", "Kim_2019": "kim",
    "fast_progression": "fast_progression",
}  # fmt: skip


def scans_of(**columns: Any) -> Any:
    return hyperprogression(pd.DataFrame({"patient": ["A"], "day_base": 0, **columns}))


def hpd(given: dict) -> dict:
    days = given.get("days")
    if "size_ratio" in given:
        sizes = [
            scans_of(s_base=100.0, s_first=100.0 * ratio, day_first=days).indices["tgr_post"][0]
            for ratio in given["size_ratio"]
        ]
        return {"TGR_percent_per_month": sizes}
    if "delta_TGR" in given:
        return {"min_size_ratio": [_smallest_ratio(given, before) for before in given["TGR_pre"]]}
    before = None if given["d_pre"] is None else -given["d_pre"]
    found = scans_of(
        s_pre=given["Sm1"], day_pre=before, s_base=given["S0"], s_first=given["S1"],
        day_first=given["d_post"], ttf_days=given["TTF_days"],
        new_in_involved_organ=given["new_in_involved_organ"], new_organ=int(given["new_organ"]),
        organs_with_new=given["organs_with_new"], ecog_worsening=given["ECOG_worsening"],
        first_response="PD",
    )  # fmt: skip
    index, verdict = found.indices.iloc[0], found.verdicts.iloc[0]
    values = {name: index[column] for name, column in INDEX.items()}
    values["RECIST_PD"] = bool(values["RECIST_PD"])
    said = {name: verdict[column] for name, column in VERDICT.items()}
    return {
        "index": values,
        "verdict": {k: None if pd.isna(v) else bool(v) for k, v in said.items()},
    }


def _smallest_ratio(given: dict, before: float) -> float:
    """The ratio of sizes at which the definition of that difference changes its verdict."""
    key = {50: "ferrara", 100: "kas"}[given["delta_TGR"]]
    start = 100.0 / (1 + before / 100) ** (given["days"] / MONTH_D / 3)
    low, high = 1.0, 3.0
    for _ in range(18):
        middle = 0.5 * (low + high)
        yes = scans_of(
            s_pre=start, day_pre=-given["days"], s_base=100.0, s_first=100.0 * middle,
            day_first=given["days"], first_response="PD",
        ).verdicts[key][0]  # fmt: skip
        low, high = (low, middle) if yes else (middle, high)
    return 0.5 * (low + high)


def hpd_regression(given: dict) -> dict:
    known = given["kato_penetrance"]
    found = ecological_bound(given["amplification"], given["incidence"], known_risk=known)
    (low_a, high_a), (low_h, high_h) = given["amplification"], given["incidence"]
    return {
        "slope": found.slope, "intercept": found.intercept, "implied_pi1": found.implied_with,
        "pi0_sarcoma_if_pi1_is_1": baseline_risk(high_a, high_h),
        "pi0_rcc_if_pi1_is_1": baseline_risk(low_a, low_h),
        "pi0_sarcoma_if_pi1_is_kato": baseline_risk(high_a, high_h, known),
    }  # fmt: skip


def fisher_2x2(given: dict) -> dict:
    test = fisher_exact(*given["resistant"], *given["sensitive"])
    share = proportion(*given["resistant"])
    return {
        "fisher_two_sided_p": test.p,
        "fisher_two_sided": test.p,
        "fisher_one_sided": test.p_greater,
        "resistant_percent": share.percent,
        "clopper_pearson_resistant": [share.lo, share.hi],
    }


def recist_1_1(given: dict) -> dict:
    if "target_sums_mm" in given:
        sums = given["target_sums_mm"]
        days = [42 * k for k in range(len(sums))]
        visits = recist(pd.DataFrame({"patient": "A", "day": days, "sum_mm": sums})).visits
        return {"time_point_response": list(visits["overall"].astype(str))[1:]}
    target = ["CR", "PR", "SD", "NE", "PD"] if given["target"] == "any" else [given["target"]]
    nontarget = {
        "any": ["none", "CR", "NON-CR/NON-PD", "NE", "PD"],
        "non-PD": ["none", "CR", "NON-CR/NON-PD", "NE"],
    }.get(given["non_target"], [given["non_target"].upper()])
    said = {
        overall_response(t, n, given["new_lesion"]) for t, n in itertools.product(target, nontarget)
    }
    assert len(said) == 1
    return {"time_point": said.pop()}


def confirmed(given: dict, days: tuple[int, int], **choices: Any) -> str:
    visits = pd.DataFrame(
        {"patient": "A", "day": days, "response": [given["first"], given["subsequent"]]}
    )
    return str(best_response(visits, **choices).table.loc[0, "bor_confirmed"])


def recist_bor(given: dict) -> dict:
    long_, short = (42, 84), (21, 35)  # 42 days make a stable disease, 21 do not
    if given["subsequent"] == "PR" and given["first"] == "CR":
        notes = itertools.product((long_, short), ("pd", "pr"))
        said = [confirmed(given, days, after_cr=note) for days, note in notes]
        return {"BOR": "SD, PD or PR" if set(said) >= {"SD", "PD", "PR"} else str(said)}
    met = confirmed(given, long_)
    conditional = "SD" == met and given["subsequent"] in ("SD", "PD", "NE")
    if conditional and not (given["first"], given["subsequent"]) == ("PR", "SD"):
        missed = confirmed(given, short)
        return {"BOR": f"SD if minimum SD duration met, else {missed}"}
    return {"BOR": met}


def irecist(given: dict) -> dict:
    between = ["iCR", "iPR", "iSD", "NE", "iUPD"]
    choices = [
        between if word == "..." else word.replace(" (not confirmed)", "").split("|")
        for word in given["sequence"]
    ]
    said = {ibor(sequence) for sequence in itertools.product(*choices)}
    assert len(said) == 1
    return {"iBOR": said.pop()}


def ctcae(given: dict) -> dict:
    analyte = "platelets" if given["LLN"] == 150 else "neutrophils"
    grades = ctcae_grade(given["values"], analyte, given["LLN"], unit=given["unit"])
    return {"grade": grades.tolist()}


def mrecist_mouse(given: dict) -> dict:
    found = mrecist(np.array(given["day"], float), np.array(given["volume_mm3"], float))
    return {
        "best_response": found["best_response_pct"],
        "best_average_response": found["best_avg_response_pct"],
        "category": found["mrecist"],
    }


def synergy(given: dict) -> dict:
    if "IC_a" in given:
        parts = given["dose_a"], given["IC_a"], given["dose_b"], given["IC_b"]
        return {"combination_index": float(combination_index(*parts))}
    independent = float(bliss(given["E_a"], given["E_b"]))
    better = float(highest_single_agent(given["E_a"], given["E_b"]))
    return {
        "bliss_expected": independent, "bliss_excess": given["E_ab"] - independent,
        "hsa_expected": better, "hsa_excess": given["E_ab"] - better,
    }  # fmt: skip


def growth(given: dict) -> dict:
    if "x0" in given:
        found = growth_metrics.gr_value(given["x_c"], given["x0"], given["x_ctrl"])
        return {"GR": found.tolist()}
    if "V0" in given:
        control, treated = given["V_control"], given["V_treated"]
        inhibition = growth_metrics.tumour_growth_inhibition(control, treated, given["V0"])
        ratio = growth_metrics.treated_over_control(control, treated)
        return {"TGI": float(inhibition), "T_over_C": float(ratio)}
    d, g, t = given["d"], given["g"], given["t"]
    return {
        "gd": float(growth_metrics.stein_gd(t, d, g)),
        "gd_phi": float(growth_metrics.stein_gd_phi(t, d, g, given["phi"])),
        "nadir_time_gd": growth_metrics.stein_nadir_day(d, g),
    }


TOPICS = {
    "binomial_interval": binomial_interval, "rounded_percent": rounded_percent,
    "km_median_ci": km_median_ci, "km_scan_grid": km_scan_grid,
    "simon_two_stage": simon_two_stage, "bayesian_basket": bayesian_basket,
    "meta_proportions": meta_of_proportions, "freeman_tukey": double_arcsine, "hpd": hpd,
    "hpd_regression": hpd_regression, "fisher_2x2": fisher_2x2, "recist": recist_1_1,
    "recist_bor": recist_bor, "irecist": irecist, "ctcae": ctcae, "mrecist_mouse": mrecist_mouse,
    "synergy": synergy, "growth": growth,
}  # fmt: skip
HERE = [oracle for oracle in ORACLES if oracle["name"] not in ELSEWHERE]


def limit(key: str, value: float, tolerance: dict, name: str) -> float:
    """How far a value of this key may be off; 0 for an exact one."""
    if tolerance.get("exact"):
        return 0.0
    rule = TOLERANCE_OF.get(key, "")
    if name.endswith("GLMM") and rule == "pooled_abs":
        rule = "GLMM_abs"
    if rule not in tolerance:
        rule = "abs" if "abs" in tolerance else "rel"
    if key == "I2":  # percent, where the tolerance is that of a fraction
        return 100 * tolerance["pooled_abs"]
    size = tolerance[rule]
    if size == "exact":
        return 0.0
    return size * abs(value) if rule in ("rel", "p_rel") else size


def agree(found: Any, expected: Any, key: str, tolerance: dict, name: str) -> list[str]:
    """What differs, as text; every value of `expected` is looked at."""
    if isinstance(expected, dict):
        return [
            line
            for k, v in expected.items()
            for line in agree(found[k], v, key if key in TOLERANCE_OF else k, tolerance, name)
        ]
    if isinstance(expected, list):
        if len(found) != len(expected):
            return [f"{key}: {len(found)} values, expected {len(expected)}"]
        return [
            line for f, e in zip(found, expected) for line in agree(f, e, key, tolerance, name)
        ]
    if expected is None:
        return [] if found is None or np.isnan(found) else [f"{key}: {found}, expected none"]
    if isinstance(expected, str | bool):
        return [] if found == expected else [f"{key}: {found!r}, expected {expected!r}"]
    if key in PRINTED_TO:
        found = round(found, PRINTED_TO[key])
    if found is None or not abs(found - expected) <= limit(key, expected, tolerance, name):
        return [f"{key}: {found}, expected {expected}"]
    return []


@pytest.mark.parametrize("oracle", HERE, ids=[oracle["name"] for oracle in HERE])
def test_oracle(oracle):
    left = NOT_OURS.get(oracle["name"], {})
    expected = {k: v for k, v in oracle["expected"].items() if k not in left}
    found = TOPICS[oracle["topic"]](oracle["inputs"])
    assert agree(found, expected, "", oracle["tolerance"], oracle["name"]) == []


def test_no_entry_is_left_out():
    assert Counter(oracle["topic"] for oracle in ORACLES) == COUNTS
    assert sum(COUNTS.values()) == 165 and len({o["name"] for o in ORACLES}) == 165
    assert len(HERE) == 164 and set(ELSEWHERE) <= {o["name"] for o in ORACLES}
    assert {o["topic"] for o in HERE} == set(TOPICS)
    for name, values in NOT_OURS.items():
        assert set(values) < set(next(o["expected"] for o in ORACLES if o["name"] == name))


def test_every_entry_has_a_source_and_a_tag():
    known = {"read", "secondary", "unverified", "computed", "inferred"}
    assert all(oracle["source"] and oracle["tag"] in known for oracle in ORACLES)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_comparison_can_fail(topic):
    """A value that is off by more than its tolerance is noticed, in every topic."""
    oracle = next(o for o in HERE if o["topic"] == topic)
    for key, value in oracle["expected"].items():
        wrong = {key: _spoilt(value)}
        found = {key: value}
        assert agree(found, wrong, "", oracle["tolerance"], oracle["name"])


def _spoilt(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _spoilt(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_spoilt(v) for v in value]
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "?"
    return 1e6 if value is None else value + 2.0 + 0.1 * abs(value)
