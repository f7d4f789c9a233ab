"""The words of a response assessment, as codes for arrays and as Categoricals for tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._values import by_value
from rpoint.errors import RpointError, unknown_name

# Best first; NE (not evaluable), ND (no disease), no visit at all and "not assessed" say nothing.
RESPONSES = ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "ND", "MISSING", "")
CR, PR, SD, NON, PD, NE, ND, MISSING, NOT_ASSESSED = range(9)
NONTARGET = ("none", "CR", "NON-CR/NON-PD", "NE", "PD")
NT_NONE, NT_CR, NT_NON, NT_NE, NT_PD = range(5)

_WORDS = {
    "cr": CR, "complete response": CR, "icr": CR, "pr": PR, "partial response": PR, "ipr": PR,
    "sd": SD, "stable disease": SD, "isd": SD, "non-cr/non-pd": NON, "noncr/nonpd": NON,
    "non cr/non pd": NON, "pd": PD, "progressive disease": PD, "ne": NE, "not evaluable": NE,
    "nd": ND, "no disease": ND, "": NOT_ASSESSED,
}  # fmt: skip


def categorical(codes: np.ndarray) -> pd.Categorical:
    """Response codes as an ordered column of text."""
    return pd.Categorical.from_codes(codes, categories=list(RESPONSES))


def response_codes(cells: pd.Series, where: str) -> np.ndarray:
    """Codes of responses in words.

    Raises
    ------
    RpointError
        For a word that is no response.
    """
    codes = by_value(cells, lambda text: _WORDS.get(text.strip().casefold(), -2))
    if (codes == -2).any():
        word = str(cells[codes == -2].iloc[0])
        raise unknown_name("response", word, RESPONSES[:7], where=where)
    if (codes == -1).any():
        row = int(np.flatnonzero(codes == -1)[0])
        raise RpointError("a response is blank", where=f"{where}, row {row}", mend="write NE")
    return codes
