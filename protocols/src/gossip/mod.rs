//! Gossip: epidemic multicast (Demers et al. 1987; CGR ch. 3.8), and what epidemics are good for besides.

pub mod swim;
