"""Agreement with R 4.2.2, survival 3.5-3, on data sets that are read from RPOINT_CONFORMANCE.

The numbers are R's own, printed to all digits; the data sets (lung, veteran, ovarian, gbsg of the
package `survival`) are not part of this repository.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.stats.cox import cox
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.logrank import logrank
from rpoint.stats.rmst import rmst

pytestmark = [pytest.mark.oracle, pytest.mark.data]
CLOSE = 1e-8
NR = float("nan")


@pytest.fixture(scope="module")
def lung(conformance):
    """228 patients; status 2 is dead."""
    table = pd.read_csv(conformance / "lung.csv")
    return table.assign(event=table["status"] - 1)


@pytest.mark.parametrize(
    ("sex", "transform", "expected"),
    [
        (1, "log", (270, 212, 310)),
        (1, "log-log", (270, 210, 306)),
        (1, "plain", (270, 212, 306)),
        (2, "log", (426, 348, 550)),
        (2, "log-log", (426, 345, 524)),
        (2, "plain", (426, 345, 524)),
    ],
)
def test_double_programming_lung_medians(lung, sex, transform, expected):
    part = lung[lung["sex"] == sex]
    m = kaplan_meier(part["time"], part["event"], transform=transform).median
    assert (m.estimate, m.lo, m.hi) == expected


def test_double_programming_lung_curve_and_mean(lung):
    part = lung[lung["sex"] == 1]
    at = kaplan_meier(part["time"], part["event"], transform="log").survival_at([180, 365, 730])
    np.testing.assert_allclose(at["survival"], [0.6444650, 0.3360878, 0.0781241], atol=5e-8)
    np.testing.assert_allclose(at["std_error"], [0.0407864, 0.0434236, 0.0276475], atol=5e-8)
    np.testing.assert_allclose(at["hi"], [0.729574, 0.432943, 0.156321], atol=5e-7)
    mean = rmst(lung["time"], lung["event"], lung["sex"], tau=1022, extend=True).groups
    np.testing.assert_allclose(mean["rmst"], [326.0841097, 460.6473108], atol=5e-8)
    np.testing.assert_allclose(mean["std_error"], [22.91156347, 34.68984603], atol=CLOSE)


@pytest.mark.parametrize(
    ("file", "time", "status", "group", "expected"),
    [
        ("ovarian", "futime", "fustat", "rx", [(638, 268, NR), (NR, 475, NR)]),
        ("gbsg", "rfstime", "status", "hormon", [(1528, 1296, 1814), (2018, 1918, NR)]),
    ],
)
def test_double_programming_other_medians(conformance, file, time, status, group, expected):
    table = pd.read_csv(conformance / f"{file}.csv")
    for (_, part), numbers in zip(table.groupby(group), expected, strict=True):
        m = kaplan_meier(part[time], part[status], transform="log").median
        np.testing.assert_array_equal((m.estimate, m.lo, m.hi), numbers)


@pytest.mark.parametrize(
    ("file", "time", "status", "group", "strata", "statistic", "p"),
    [
        ("lung", "time", "status", "sex", None, 10.32674195, 0.00131116452),
        ("ovarian", "futime", "fustat", "rx", None, 1.062739861, 0.302591117),
        ("veteran", "time", "status", "celltype", None, 25.40370035, 1.271245939e-05),
        ("veteran", "time", "status", "trt", "celltype", 0.7017433468, 0.4021985238),
        ("gbsg", "rfstime", "status", "hormon", None, 8.564780854, 0.003427282265),
    ],
)
def test_double_programming_logrank(conformance, file, time, status, group, strata, statistic, p):
    table = pd.read_csv(conformance / f"{file}.csv")
    event = table[status] - 1 if file == "lung" else table[status]
    test = logrank(table[time], event, table[group], strata=strata and table[strata])
    assert test.statistic == pytest.approx(statistic, abs=CLOSE)
    assert test.p == pytest.approx(p, abs=CLOSE)


COX_LUNG = {
    "efron": (
        [0.01106676456, -0.55261239570, 0.46372847537],
        [0.009267411014, 0.167739053787, 0.113577266162],
        (-744.4804558, -729.2301214),
    ),
    "breslow": (
        [0.01104113635, -0.55188956979, 0.46294704059],
        [0.009266770114, 0.167742448021, 0.113574052061],
        (-744.6928193, -729.4887052),
    ),
}


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_double_programming_cox_lung(lung, ties):
    known = lung.dropna(subset=["ph.ecog"])
    fit = cox(known["time"], known["event"], known[["age", "sex", "ph.ecog"]], ties=ties)
    coef, error, loglik = COX_LUNG[ties]
    np.testing.assert_allclose(fit.coef, coef, atol=CLOSE)
    np.testing.assert_allclose(fit.std_error, error, atol=CLOSE)
    np.testing.assert_allclose((fit.loglik_null, fit.loglik), loglik, atol=5e-8)
    assert (fit.n, fit.events) == (227, 164)
    c = fit.concordance()
    assert c.c == pytest.approx(0.637135493, abs=CLOSE)
    assert c.std_error == pytest.approx(0.02506797385, abs=CLOSE)


def test_double_programming_cox_tests_and_zph_lung(lung):
    known = lung.dropna(subset=["ph.ecog"])
    fit = cox(known["time"], known["event"], known[["age", "sex", "ph.ecog"]])
    assert fit.likelihood_ratio.statistic == pytest.approx(30.50066877, abs=CLOSE)
    assert fit.score.statistic == pytest.approx(30.4999227, abs=5e-8)
    assert fit.wald.statistic == pytest.approx(29.93, abs=0.005)
    zph = fit.proportional_hazards()
    np.testing.assert_allclose(
        zph["statistic"], [0.187988, 2.305437, 2.054249, 4.463658], atol=5e-7
    )
    np.testing.assert_allclose(zph["p"], [0.66460, 0.12892, 0.15178, 0.21555], atol=5e-6)
    frame = cox(lung["time"], lung["event"], lung["sex"]).to_frame().iloc[0]
    np.testing.assert_allclose(
        frame[["hr", "lo", "hi"]].astype(float), (0.5880028186, 0.4237178304, 0.8159848132),
        atol=CLOSE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "time", "status", "columns", "strata", "coef", "error", "loglik"),
    [
        (
            "veteran", "time", "status", ["trt", "karno"], "celltype",
            [0.2328346769, -0.0358011230], [0.201098744895, 0.005530190931],
            (-338.7362072, -317.5805549),
        ),
        (
            "ovarian", "futime", "fustat", ["age", "rx"], None,
            [0.1473265955, -0.8039730127], [0.04614704774, 0.63204937188],
            (-34.98494037, -27.04189886),
        ),
        (
            "gbsg", "rfstime", "status",
            ["hormon", "age", "meno", "size", "grade", "nodes", "pgr", "er"], None,
            [-0.3372029100303, -0.0093923611974, 0.2672771632078, 0.0077164375533,
             0.2802894093677, 0.0498939075050, -0.0022378101185, 0.0001674282849],
            [0.1289617539449, 0.0092732880281, 0.1833366096680, 0.0039496847202,
             0.1060553145278, 0.0074093715234, 0.0005757597831, 0.0004477123117],
            (-1788.104737, -1737.17449),
        ),
    ],
)  # fmt: skip
def test_double_programming_cox(
    conformance, file, time, status, columns, strata, coef, error, loglik
):
    table = pd.read_csv(conformance / f"{file}.csv")
    layers = strata and table[strata]
    fit = cox(table[time], table[status], table[columns], strata=layers)
    np.testing.assert_allclose(fit.coef, coef, atol=CLOSE)
    np.testing.assert_allclose(fit.std_error, error, atol=CLOSE)
    np.testing.assert_allclose((fit.loglik_null, fit.loglik), loglik, atol=1e-6)
