"""What the chapter measures over seeds."""
