//! `stormglass udp`: the same protocols over real sockets.

mod collect;
mod gather;
mod host;
mod keyed;
mod keygen;
mod node;
mod processes;
mod replay;
mod report;
mod run;
mod signals;
mod talk;

use std::net::{IpAddr, SocketAddr};

use scenarios::format::Scenario;
use scenarios::overlay::Shape;
use scenarios::run::Runner;

use crate::args::Udp;
use crate::exit::Exit;
use crate::out::Out;

pub use keygen::keygen;
pub use replay::replay;

/// Does what is asked for.
pub fn udp(out: Out, registry: &dyn Runner, command: &Udp) -> Exit {
    match command {
        Udp::Run(args) => run::run(out, registry, args),
        Udp::Node(args) => node::node(out, registry, args),
        Udp::Collect(args) => collect::collect(out, registry, args),
    }
}

/// On a bus a group send is one frame: over UDP it goes by IP multicast.
fn group(scenario: &Scenario, bind: IpAddr) -> Option<SocketAddr> {
    let group = match bind {
        IpAddr::V4(_) => "239.77.83.71:41999",
        IpAddr::V6(_) => "[ff15::4d53]:41999",
    };
    (scenario.topology == Shape::Bus).then(|| group.parse().expect("it is an address"))
}
