"""The experiments; each has CONFIG, JOBS and measure(job, config)."""
