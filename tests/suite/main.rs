//! All integration tests of Stormglass, one kind a module.

mod conformance;
mod counts;
mod draws;
mod mutants;
