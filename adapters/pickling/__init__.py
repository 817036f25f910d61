"""Pickles what users pass between processes, by cloudpickle and tblib."""
