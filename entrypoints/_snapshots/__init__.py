"""Where snapshots are kept, and which of them a run resumes from: wiring."""
