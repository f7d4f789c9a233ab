"""What the models find wrong, said as a problem: found, allowed, nearest word, how to mend."""

from __future__ import annotations

import re
from typing import Any, TypeGuard

from pydantic import BaseModel, ValidationError

from rpoint.errors import RpointError, nearest_name
from rpoint.trial.spec.problems import CrossProblems, Key, Problem, from_error, shown

_UNIT = re.compile(r"\s*[-+]?[0-9.]+\s*([A-Za-z%µ]+)\s*")
_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "tuple_type": "a list",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Every fault of a validation as a problem, each said once.

    Parameters
    ----------
    error
        What the validation of `model` raised.
    model
        The model that was validated; its fields are the allowed keys.
    """
    found: list[Problem] = []
    for fault in error.errors(include_url=False):
        inner = fault.get("ctx", {}).get("error")
        if isinstance(inner, CrossProblems):
            found += inner.problems
        else:
            found.append(_problem(fault, model))
    return list({(p.key, p.what): p for p in found}.values())


def _problem(fault: Any, model: type[BaseModel]) -> Problem:
    key = _key(fault["loc"], model)
    kind, value, context = fault["type"], fault.get("input"), fault.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, RpointError):
        return from_error(inner, key)
    if kind == "missing":
        return Problem(key, "the key is missing", mend=f"add `{key[-1]}:`")
    if kind == "extra_forbidden":
        return _unknown_key(key, model)
    if kind in _KINDS:
        return _wrong_kind(key, _KINDS[kind], value)
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        allowed = f"{words} {context[bound]:g}"
        return Problem(key, "the value is out of range", found=shown(value), allowed=allowed)
    if kind == "literal_error":
        return _wrong_word(key, value, context.get("expected", ""))
    if kind in ("too_short", "string_too_short"):
        return Problem(key, "the value is empty", found=shown(value), mend="give at least one")
    said = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return Problem(key, f"the value {said}" if said.startswith("should") else said, shown(value))


def _key(loc: tuple[Any, ...], model: type[BaseModel]) -> Key:
    """The path without the names that pydantic adds for the branches of a union and for keys."""
    dull = ("[key]",)
    parts = [p for p in loc if p not in dull]
    kept: list[str | int] = []
    for part in parts:
        if (
            isinstance(part, str)
            and ("[" in part and "]" in part)
            and part.split("[")[0]
            in (
                "dict",
                "literal",
                "tuple",
            )
        ):
            continue
        if part in ("str",) and kept and kept[-1] != "arms":
            continue
        kept.append(part)
    return tuple(kept)


def _unknown_key(key: Key, model: type[BaseModel]) -> Problem:
    names = list(_fields_at(key[:-1], model))
    return Problem(
        key,
        "unknown key",
        found=shown(key[-1]),
        allowed=", ".join(names) or None,
        nearest=nearest_name(str(key[-1]), names),
    )


def _fields_at(key: Key, model: type[BaseModel]) -> tuple[str, ...]:
    """The names of the fields of the part that `key` leads to."""
    here: Any = model
    for part in key:
        if _is_model(here):
            field = here.model_fields.get(str(part))
            if field is None:
                return ()
            here = field.annotation
        else:
            here = _inside(here)
        here = _model_in(here) or here
    return tuple(here.model_fields) if _is_model(here) else ()


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _model_in(annotation: Any) -> Any:
    """The model of `Model | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if isinstance(part, type) and issubclass(part, BaseModel) and not _is_container(annotation):
            return part
    return None


def _is_container(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (dict, tuple)


def _inside(annotation: Any) -> Any:
    """What a mapping or list holds."""
    for part in (annotation, *getattr(annotation, "__args__", ())):
        if getattr(part, "__origin__", None) is dict:
            return part.__args__[1]
        if getattr(part, "__origin__", None) is tuple:
            return part.__args__[0]
    return annotation


def _wrong_kind(key: Key, wanted: str, value: Any) -> Problem:
    mend = None
    if "number" in wanted and isinstance(value, str):
        unit = _UNIT.fullmatch(value)
        if unit:
            mend = f"leave out {unit.group(1)!r}: the unit is part of the key's name"
        elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*", value):
            mend = "give a number; a trial file counts from the first dose and has no dates"
        elif re.fullmatch(r"[-+0-9]+,[0-9]+", value):
            mend = "write a decimal point, not a comma"
        elif re.fullmatch(r"[-+]?[0-9.eE+-]+", value):
            mend = "leave out the quotes"
    if wanted == "a text" and isinstance(value, bool | int | float):
        mend = "put it in quotes"
    if wanted == "true or false":
        mend = "write true or false"
    if wanted == "a list" and isinstance(value, str):
        mend = f"write a list: [{value!r}]"
    return Problem(key, f"{wanted} is needed", found=shown(value), allowed=wanted, mend=mend)


def _wrong_word(key: Key, value: Any, expected: str) -> Problem:
    words = re.findall(r"'([^']*)'", expected)
    near = nearest_name(value, words) if isinstance(value, str) else None
    return Problem(
        key,
        "the value is none of the allowed",
        found=shown(value),
        allowed=", ".join(words) or expected,
        nearest=near,
    )
