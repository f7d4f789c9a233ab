"""From traits and coefficients to cells of the cell model.

Amounts are log-linear: an amplification of N copies multiplies the handle by (N/2)^copies, a log2
unit of mRNA above the panel's median by exp(expression).  A switched gene (TP53, RB1) is functional
or not: the four combinations are run apart and weighted later.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rpoint.biology import parameters
from rpoint.panel.response import Rows
from rpoint.panel.traits import POOLS, SWITCHES, Traits

#: Functional (1) or not (0): TP53, RB1.
COMPONENTS: tuple[tuple[int, int], ...] = ((1, 1), (0, 1), (1, 0), (0, 0))
#: ER-negative cells of an ER-driven type live on this RAS drive (catalogue, ESR1:loss).
RAS_WITHOUT_ER = 2.0
#: Factors on a handle stay within these bounds, whatever the coefficients say.
FACTOR_LIMITS = (0.05, 20.0)


def handle_rows(found: Traits, beta: Mapping[str, float | np.ndarray]) -> Rows:
    """Rows ordered (model, replicate, component); replicate d runs parameter set d.

    Parameters
    ----------
    found
        Traits of n models in D replicates.
    beta
        Coefficients by name ("copies:g_MDM2", "expression:g_MDM2", "drive:g_RAS", "p16:amount",
        "p16:cyclin E", "sufficient:RAS", "expression:RB1", "expression:CDKN2A", "lineage",
        "TOR_growth", "p110a_share"): one number, or one for each replicate (D,); absent ones are
        0 (`p110a_share`: the cell model's).
    """
    on = np.array(COMPONENTS, float)
    shape = (len(found), found.replicates, len(COMPONENTS))
    switches = {gene: np.broadcast_to(on[:, k], shape) for k, gene in enumerate(SWITCHES)}
    return _rows(found, beta, switches)


def drawn_rows(
    found: Traits, beta: Mapping[str, float | np.ndarray], works: Mapping[str, np.ndarray]
) -> Rows:
    """Rows ordered (model, replicate), every switch in a drawn state.

    Parameters
    ----------
    found, beta
        As for `handle_rows`.
    works
        Switched gene -> (n, D) 1 where it works, 0 where not.
    """
    return _rows(found, beta, {gene: state[..., None] for gene, state in works.items()})


def _rows(found: Traits, beta, switches: Mapping[str, np.ndarray]) -> Rows:
    """Rows with the switches' states, (n, D, C)."""
    shape = next(iter(switches.values())).shape
    handles = {pool: _amount(found, pool, beta) for pool in POOLS}
    handles |= _drives(found, beta)
    handles["in_mitogen"] = _mitogen(found, beta)
    lineage = np.minimum(np.exp(beta.get("lineage", -np.inf)), 1.0)
    handles["g_ER"] = np.maximum(found.er, lineage)
    handles["g_p16"] = _p16(found, beta)
    handles["g_CCNE"] = handles["g_CCNE"] * np.exp(beta.get("p16:cyclin E", 0.0) * found.p16)
    handles["TOR_growth"] = np.clip(beta.get("TOR_growth", 0.0), 0.0, 0.95) + 0.0 * found.er
    share = beta.get("p110a_share", parameters()["p110a_share"].value)
    handles["p110a_share"] = np.clip(share, 0.02, 0.98) + 0.0 * found.er
    amount = _factor(beta.get("expression:RB1", 0.0) * _expression(found, "RB1"))
    handles["g_RB1"] = np.broadcast_to(amount, shape[:2])
    table = {name: np.broadcast_to(v[..., None], shape) for name, v in handles.items()}
    table["g_TP53"] = switches["TP53"]
    table["g_RB1"] = table["g_RB1"] * switches["RB1"]
    sets = np.broadcast_to(np.arange(shape[1])[None, :, None], shape)
    flat = {name: np.round(np.array(v, float).ravel(), 6) for name, v in table.items()}
    return Rows(np.array(sets).ravel(), flat)


def _expression(found: Traits, name: str) -> np.ndarray:
    """(n, 1) log2 units above the panel's median; 0 where there is no measurement."""
    return found.expression.get(name, np.zeros(len(found)))[:, None]


def _factor(log: np.ndarray) -> np.ndarray:
    return np.clip(np.exp(log), *FACTOR_LIMITS)


def _amount(found: Traits, pool: str, beta: Mapping[str, float]) -> np.ndarray:
    return _factor(
        np.exp(beta.get(f"copies:{pool}", -np.inf)) * found.copies[pool]
        + beta.get(f"expression:{pool}", 0.0) * _expression(found, pool)
    )


def _drives(found: Traits, beta: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Pathway drives: what the alterations raise, on what the type's reference cell has."""
    made = {}
    for handle, drive in found.drives.items():
        scale = np.exp(beta.get(f"drive:{handle}", 0.0))
        base = found.base.get(handle, np.zeros(len(found)))[:, None]
        made[handle] = np.maximum(base * np.exp(beta.get(f"base:{handle}", 0.0)), scale * drive)
    without_er = RAS_WITHOUT_ER * (1.0 - found.er) * (found.base["g_RAS"] == 0)[:, None]
    made["g_RAS"] = np.maximum(made["g_RAS"], np.where(made["g_BRAF"] > 0, 0.0, without_er))
    return made


def _mitogen(found: Traits, beta: Mapping[str, float]) -> np.ndarray:
    """(n, D) growth factors that a tumour lives on: fewer where its alterations drive a pathway."""
    own = {
        "PI3K": found.drives["g_PI3K"] + found.drives["g_PTEN"],
        "RAS": np.maximum(found.drives["g_RAS"], found.drives["g_BRAF"]),
    }
    log = sum(beta.get(f"sufficient:{k}", 0.0) * np.minimum(v, 1.0) for k, v in own.items())
    return found.base["in_mitogen"][:, None] * np.clip(np.exp(-log), 0.1, 2.0)


def _p16(found: Traits, beta: Mapping[str, float]) -> np.ndarray:
    amount = np.exp(beta.get("p16:amount", -np.inf))  # of the model's own gene, not of its type
    level = _factor(beta.get("expression:CDKN2A", 0.0) * _expression(found, "CDKN2A"))
    return found.p16 * amount * level
