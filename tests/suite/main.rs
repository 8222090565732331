//! All integration tests of Stormglass, one kind a module.

mod byzantine;
mod byzantine_broadcast;
mod conformance;
mod counts;
mod debts;
mod draws;
mod examples;
mod faults;
mod golden;
mod hostile;
mod imports;
mod lease;
mod library;
mod link_lives;
mod link_properties;
mod links;
mod live;
mod mutants;
mod published;
mod register;
mod runner;
mod stacks;
mod stories;
mod swarm;
mod tour;
