//! Logical time: clocks as small values, and layers that stamp what passes through a stack.
