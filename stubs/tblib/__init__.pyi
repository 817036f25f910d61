"""The part of tblib that Conjoin uses."""
