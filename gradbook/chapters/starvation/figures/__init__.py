"""What this chapter draws."""
