"""Virtual trials: from a trial file to patients, tables and operating characteristics."""
