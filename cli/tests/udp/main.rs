//! Real sockets, seen from outside: the command runs scenarios over loopback, is killed, interrupted and given the wrong
//! files, and what it recorded is replayed.

mod cost;
mod end;
mod kill;
mod library;
mod metrics;
mod recorded;
mod stage;
mod state;
