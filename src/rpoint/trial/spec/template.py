"""The commented trial file that `rpoint trial new` writes; it passes `rpoint trial check`."""

from __future__ import annotations

from importlib.resources import files

from rpoint.errors import RpointError
from rpoint.trial.spec import SCHEMA_VERSION
from rpoint.trial.spec.words import check_name

MAX_ARMS = 6
_REGIMENS = (
    "palbociclib 125 mg qd 21/28 + fulvestrant 500 mg im d1,15,29 then q28d",
    "fulvestrant 500 mg im d1,15,29 then q28d",
    "palbociclib 100 mg qd 21/28 + fulvestrant 500 mg im d1,15,29 then q28d",
    "palbociclib 75 mg qd 21/28 + fulvestrant 500 mg im d1,15,29 then q28d",
    "palbociclib 125 mg qd 21/28",
    "none",
)


def template(name: str, arms: int = 2) -> str:
    """The text of a trial file to start from.

    Parameters
    ----------
    name
        Short name of the trial.
    arms
        Number of arms, 1 to `MAX_ARMS`.

    Raises
    ------
    RpointError
        If the name cannot be one, or the number of arms is out of range.
    """
    check_name(name)
    if not 1 <= arms <= MAX_ARMS:
        raise RpointError(
            "a template has a few arms",
            where="--arms",
            found=arms,
            allowed=f"1 to {MAX_ARMS}",
            mend="copy an arm in the file for more",
        )
    text = (files("rpoint.trial.spec") / "template.yaml").read_text(encoding="utf-8")
    contrast = "[arm-1, arm-2]" if arms > 1 else "null"
    filled = {
        "@VERSION@": str(SCHEMA_VERSION),
        "@NAME@": name,
        "@ARMS@": "\n".join(_arm(i) for i in range(arms)),
        "@CONTRAST@": contrast,
    }
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text


def _arm(index: int) -> str:
    regimen = _REGIMENS[index]
    rules = "{palbociclib: palbociclib}" if "palbociclib" in regimen else "none"
    lines = [f"  arm-{index + 1}:", f'    regimen: "{regimen}"', "    patients: 100"]
    lines.append(f"    rules: {rules}")
    if index == 0:
        lines[0] += " # any name"
        lines[1] += " # or: none"
        lines[3] += " # drug: rule set, or none: doses never change"
        lines += [f"    {text}" for text in _OPTIONS]
    return "\n".join(lines)


_OPTIONS = (
    '# next: {regimen: "capivasertib 400 mg bid 4 on/3 off", when: progression}',
    "# crossover: arm-2 # or: the regimen of another arm at progression",
    "# immune: {} # T cells; needed where an antibody is given",
    "# In place of a regimen, for a comparator without a drug model:",
    "# observed_control: {drug: docetaxel, pfs_median_months: 4.0}",
)
