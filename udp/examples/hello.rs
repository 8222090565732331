//! A protocol of one's own on real sockets: two processes in one program greet each other.
//!
//! `cargo run -p stormglass-udp --example hello`

use std::error::Error;
use std::io::Write;
use std::net::UdpSocket;

use protocols::link::{BACKLOG, PerfectLink, Retransmission, Rto};
use sim_core::kernel::prelude::*;
use sim_core::kernel::text::Text;
use udp::peers::{Peer, Peers};

/// Tells all others what it is asked to, and says what it hears. A link below loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Chat;

/// What it offers: texts are asked for, and heard from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Talk;

impl Port for Talk {
    type Request = Text;
    type Indication = Arrival<Text>;
}

impl Protocol for Chat {
    type Offers = Talk;
    type Needs = Link<Text, Perfect>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(text) => fx.send(Group::Others, text),
            Event::Indication(heard) => fx.indicate(heard),
            Event::Timer(never) => match never {},
        }
    }
}

/// One process: the protocol and the link that it stands on.
fn chat() -> impl Node<Offers = Talk> {
    Chat.over(PerfectLink::new(Retransmission {
        rto: Rto::Estimated,
        attempts: None,
        backlog: BACKLOG,
    }))
}

/// The whole demonstration.
pub fn main() -> Result<(), Box<dyn Error>> {
    // Two free ports of this host. In real life: `Peers::read(Path::new("peers.ron"))?`.
    let peers = peers_here()?;

    let zero = udp::host(NodeId(0), &peers, |_| chat())?;
    let mut one = udp::host(NodeId(1), &peers, |_| chat())?;

    zero.request(&Text::from("hello"))?;
    let mut out = std::io::stdout();
    if let Some(heard) = one.indications().next() {
        writeln!(out, "process 1 heard {heard}")?;
    }

    // Both go on until their last messages are acknowledged.
    let (zero, one) = (zero.stop()?.counts, one.stop()?.counts);
    writeln!(
        out,
        "process 0 sent {}, process 1 sent {}",
        zero.messages.sent, one.messages.sent
    )?;
    Ok(())
}

fn peers_here() -> Result<Peers, Box<dyn Error>> {
    let sockets = [
        UdpSocket::bind("127.0.0.1:0")?,
        UdpSocket::bind("127.0.0.1:0")?,
    ];
    let mut peers = Vec::new();
    for (id, socket) in (0..).map(NodeId).zip(&sockets) {
        let address = socket.local_addr()?;
        peers.push(Peer {
            id,
            address,
            key: None,
        });
    }
    Ok(Peers::new("hello", None, &peers)?)
}
