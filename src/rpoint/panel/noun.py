"""The noun of this room: a panel of tumours, one row a model, line or patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.panel.states import UNKNOWN

OK = "ok"
NO_GENE = "no usable gene"
UNKNOWN_TYPE = "unknown tumour type"
NO_TYPE = "no tumour type"


@dataclass(frozen=True, repr=False, eq=False)
class Panel:
    """Tumours with their type, the state of their genes and, where measured, expression.

    Rows are in the order of the file; none is ever dropped.  All tables share the index
    0 ... n - 1.

    Attributes
    ----------
    ids
        Model, line or patient of each row; no two are equal.
    types
        Tumour type (an id of `types.yaml`); "" where the text names none.
    states
        (rows, genes) canonical states (`rpoint.panel.states`); columns are HGNC symbols.
    expression
        (rows, genes) log2 expression, NaN where not measured; columns are HGNC symbols.
    status
        "ok", or what is wrong with the row, several remarks joined with "; ".
    volumes
        (rows, days) tumour volumes in mm³, columns `vol:DAY` in the order of the days; None if
        the panel has none.
    notes
        What was assumed or left out when the panel was read, one sentence each.
    given_types
        The tumour type as it was written; the same as `types` when left out.
    """

    ids: tuple[str, ...]
    types: tuple[str, ...]
    states: pd.DataFrame
    expression: pd.DataFrame
    status: tuple[str, ...]
    volumes: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    given_types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.given_types:
            object.__setattr__(self, "given_types", self.types)
        parts = [self.types, self.states, self.expression, self.status, self.given_types]
        parts += [] if self.volumes is None else [self.volumes]
        if any(len(part) != len(self.ids) for part in parts):
            raise RpointError("the parts of a panel differ in length", where="Panel")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def genes(self) -> tuple[str, ...]:
        """Every gene with a state or an expression column, states first."""
        return tuple(dict.fromkeys([*self.states.columns, *self.expression.columns]))

    @property
    def days(self) -> tuple[float, ...]:
        """Days of the volume columns, d."""
        return () if self.volumes is None else tuple(float(c[4:]) for c in self.volumes.columns)

    def subset(self, rows: Sequence[int] | np.ndarray) -> Panel:
        """The panel of some rows, by position (or a mask of all rows), in the order given.

        Raises
        ------
        RpointError
            If a row is asked for twice or does not exist.
        """
        chosen = np.asarray(rows)
        if chosen.dtype == bool and chosen.shape == (len(self),):
            chosen = np.flatnonzero(chosen)
        chosen = chosen.astype(int)
        inside = (chosen >= 0) & (chosen < len(self))
        if len(np.unique(chosen)) < len(chosen) or not inside.all():
            raise RpointError(
                "rows of a panel are positions without repetition, or one truth value a row",
                where="Panel.subset",
                allowed=f"0 to {len(self) - 1}",
            )
        frames = (self.states, self.expression, self.volumes)
        states, expression, volumes = (
            None if f is None else f.iloc[chosen].reset_index(drop=True) for f in frames
        )
        texts = (self.ids, self.types, self.status, self.given_types)
        ids, types, status, given = (tuple(t[i] for i in chosen) for t in texts)
        return Panel(ids, types, states, expression, status, volumes, self.notes, given)

    def to_frame(self) -> pd.DataFrame:
        """The panel as a table that `read_panel` reads back to the same panel.

        Returns
        -------
        pandas.DataFrame
            Columns model_id, tumour_type (as written), genes, expr:GENE, vol:DAY.
        """
        head = pd.DataFrame({"model_id": list(self.ids), "tumour_type": list(self.given_types)})
        parts = [head, self.states, self.expression.add_prefix("expr:")]
        parts += [] if self.volumes is None else [self.volumes]
        return pd.concat(parts, axis=1)

    def __repr__(self) -> str:
        kinds = len({t for t in self.types if t})
        remarks = sum(s != OK for s in self.status)
        text = f"<Panel of {len(self):,} tumours of {kinds} types: {len(self.states.columns)} genes"
        known = float((self.states != UNKNOWN).to_numpy().mean()) if self.states.size else 0.0
        text += f" ({100 * known:.0f} % of states known)"
        if len(self.expression.columns):
            text += f", {len(self.expression.columns)} expressed"
        if self.volumes is not None:
            text += f", volumes at {len(self.days)} days"
        return text + (f"; {remarks:,} rows with a remark>" if remarks else ">")
