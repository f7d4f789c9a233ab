"""The job record that Python fills in and the generated loop reads."""

JOB = {
    "patients": "i64", "parameters": "ptr", "initial": "ptr", "outputs": "i64", "t_out": "ptr",
    "schedule": "ptr", "first": "ptr", "times": "ptr", "targets": "ptr", "amounts": "ptr",
    "values": "ptr", "status": "ptr", "steps": "ptr", "rejected": "ptr", "counter": "ptr",
    "cancel": "ptr", "rtol": "double", "atol": "double", "max_steps": "i64", "t_start": "double",
    "t_end": "double", "h_max": "double",
}  # fmt: skip
"""Fields of the job record, 8 bytes each, in order; `batch.Batch` fills them in."""
