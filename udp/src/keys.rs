//! The secrets of processes: who makes them, and who may read them.
