//! Ordered multicast (CGR ch. 3.9, 6.1): in the order of each caster, of causes, or one for all.
