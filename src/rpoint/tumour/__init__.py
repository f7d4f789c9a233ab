"""Cells, clones, mice and patients; called with a name, the tumour of that type.

A room and a function cannot share one name, so this module is callable: with `import rpoint as rp`,
`rp.tumour("melanoma")` makes a `rpoint.tumour.noun.Tumour`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rpoint.tumour.noun import Tumour


class _Room(ModuleType):
    def __call__(self, kind: str) -> Tumour:
        """The tumour type of a name or alias, with the alterations that it carries by default."""
        from rpoint.tumour.noun import tumour

        return tumour(kind)


sys.modules[__name__].__class__ = _Room
