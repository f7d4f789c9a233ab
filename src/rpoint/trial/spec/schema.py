"""The JSON schema of trial files, for editors and other programs.

`schema.json` is shipped beside this file; `python -m rpoint.trial.spec.schema` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from rpoint.trial.spec import SCHEMA_VERSION, Trial


def schema_text() -> str:
    """The schema of the present version as JSON text.

    It knows keys, kinds and bounds of values.  Names of drugs, genes, tumours and arms, regimens
    and contradictions between values are only checked by `read_trial`.
    """
    schema = Trial.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"R-point trial file, version {SCHEMA_VERSION}",
    }
    return json.dumps({**schema, **head}, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("schema.json").write_text(schema_text(), encoding="utf-8")
