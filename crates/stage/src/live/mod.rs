//! The live mode: real processes and packets.
