//! Who is where: the addresses and public keys of a cluster.
