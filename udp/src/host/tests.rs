use std::net::UdpSocket;
use std::time::{Duration, Instant};

use protocols::link::{
    AuthenticFairLoss, Authenticator, BACKLOG, LoggedLink, PerfectLink, Retransmission, Rto,
};
use sim_core::kernel::prelude::*;
use sim_core::kernel::text::Text;
use tempfile::TempDir;

use super::*;
use crate::peers::Peer;

const LONG: Duration = Duration::from_secs(20);

const LINK: Retransmission = Retransmission {
    rto: Rto::Estimated,
    attempts: None,
    backlog: BACKLOG,
};

/// A cluster at free ports of this host.
fn peers(nodes: u32, keys: &[crate::keys::PublicKey]) -> Peers {
    let sockets: Vec<UdpSocket> = (0..nodes)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    let peer = |(id, socket): (u32, &UdpSocket)| Peer {
        id: NodeId(id),
        address: socket.local_addr().unwrap(),
        key: keys.get(id as usize).copied(),
    };
    let peers: Vec<Peer> = (0..).zip(&sockets).map(peer).collect();
    Peers::new("test", None, &peers).unwrap()
}

fn to(node: u32, msg: u32) -> Transmit<u32> {
    Transmit {
        to: Group::One(NodeId(node)),
        msg,
    }
}

fn next<O: Port>(node: &mut Hosted<O>) -> Ind<O> {
    node.next_within(LONG)
        .expect("it lives")
        .expect("it says something")
}

fn perfect(_: &Seat) -> PerfectLink<u32> {
    PerfectLink::new(LINK)
}

/// Two processes over a perfect link: each message once, both ways, and nothing is left when they are stopped.
#[test]
fn two_processes_exchange_messages() {
    let peers = peers(2, &[]);
    let mut zero = host(NodeId(0), &peers, perfect).unwrap();
    let mut one = host(NodeId(1), &peers, perfect).unwrap();
    let asker = one.asker();
    let asking = std::thread::spawn(move || {
        for number in 0..500 {
            asker.request(&to(0, number)).unwrap();
        }
    });
    for number in 0..500 {
        zero.request(&to(1, number)).unwrap();
    }
    for (node, from) in [(&mut zero, 1), (&mut one, 0)] {
        let mut heard: Vec<u32> = (0..500)
            .map(|_| next(node))
            .map(|Arrival { from: whom, msg }| {
                assert_eq!(whom, NodeId(from));
                msg
            })
            .collect();
        heard.sort_unstable();
        assert!(heard.into_iter().eq(0..500));
    }
    asking.join().unwrap();
    for node in [zero, one] {
        let Stopped { counts, rest } = node.stop().unwrap();
        assert_eq!(rest, []);
        assert_eq!(counts.broken_rule(), None);
        assert!(counts.messages.taken >= 500);
    }
}

/// What was asked for before a process is stopped is still done, and what was said can be had.
#[test]
fn stop_drains() {
    let peers = peers(2, &[]);
    let zero = host(NodeId(0), &peers, perfect).unwrap();
    let one = host(NodeId(1), &peers, perfect).unwrap();
    for number in 0..100 {
        zero.request(&to(1, number)).unwrap();
    }
    let asker = zero.asker();
    zero.stop().unwrap();
    let Stopped { rest, .. } = one.stop().unwrap();
    assert_eq!(rest.len(), 100);
    assert!(matches!(asker.request(&to(1, 0)), Err(HostError::Over)));
}

/// A request wakes the loop: it does not wait for the loop's tick. And who has nothing to do does next to nothing.
#[test]
fn requests_take_effect_at_once_and_idleness_is_cheap() {
    let peers = peers(2, &[]);
    let zero = host(NodeId(0), &peers, perfect).unwrap();
    let mut one = host(NodeId(1), &peers, perfect).unwrap();
    let mut times: Vec<Duration> = (0..20)
        .map(|number| {
            // A while after the last ack, so that nothing else has woken it.
            assert!(matches!(
                one.next_within(Duration::from_millis(15)),
                Ok(None)
            ));
            let asked = Instant::now();
            zero.request(&to(1, number)).unwrap();
            next(&mut one);
            asked.elapsed()
        })
        .collect();
    times.sort_unstable();
    assert!(times[5] < Duration::from_millis(10), "{times:?}");

    let idle = Instant::now();
    assert!(matches!(
        one.next_within(Duration::from_millis(2_500)),
        Ok(None)
    ));
    let counts = one.stop().unwrap().counts;
    let ticks = idle.elapsed().as_millis() / 50;
    assert!(
        u128::from(counts.turns) < ticks + 300,
        "{} turns",
        counts.turns
    );
}

/// A logged link comes back with what it had delivered, and in its next life, so that nothing is delivered twice.
#[test]
fn a_process_is_restarted_with_its_state() {
    let folder = TempDir::new().unwrap();
    let (peers, state) = (peers(2, &[]), folder.path().join("n1.redb"));
    let logged = |_: &Seat| LoggedLink::<u32>::new(LINK);
    let zero = host(NodeId(0), &peers, logged).unwrap();
    let mut heard = Vec::new();
    for life in 0..3 {
        let opening = if life == 0 {
            Opening::Fresh
        } else {
            Opening::Existing
        };
        let one = Host::new(NodeId(1), &peers).state(&state, opening);
        let mut one = one.start(logged).unwrap();
        if life > 0 {
            // The last one is said once more by each new life: a crash may have fallen before.
            assert_eq!(Some(&next(&mut one).msg), heard.last());
        }
        zero.request(&to(1, life)).unwrap();
        heard.push(next(&mut one).msg);
        one.stop().unwrap();
    }
    assert_eq!(heard, [0, 1, 2]);
    let missing = Host::new(NodeId(1), &peers).state(folder.path().join("none"), Opening::Existing);
    let missing = missing.start(logged).unwrap_err().to_string();
    assert!(missing.contains("none"), "{missing}");
    let other = Host::new(NodeId(1), &peers).state(&state, Opening::Existing);
    let other = other.start(perfect).unwrap_err().to_string();
    assert!(other.contains("n1.redb"), "{other}");
}

/// Keys that are agreed on with the peers; whoever has none, or somebody else's, does not begin.
#[test]
fn keys_are_agreed_on() {
    let secrets: Vec<Secret> = (0..2).map(|_| Secret::generate().unwrap()).collect();
    let public: Vec<_> = secrets.iter().map(Secret::public).collect();
    let peers = peers(2, &public);
    let sealed = |seat: &Seat| {
        let ring = seat.keys.clone().expect("a key was given");
        PerfectLink::<u32, AuthenticFairLoss>::new(LINK).over(Authenticator::new(ring))
    };
    let begin = |me: u32, secret: Option<Secret>| {
        let host = Host::new(NodeId(me), &peers);
        match secret {
            Some(secret) => host.key(secret).start(sealed),
            None => host.start(sealed),
        }
    };
    assert!(matches!(begin(0, None), Err(HostError::KeyMissing)));
    let mut secrets = secrets.into_iter();
    let (first, second) = (secrets.next().unwrap(), secrets.next().unwrap());
    assert!(matches!(
        begin(1, Some(Secret::generate().unwrap())),
        Err(HostError::Key(_))
    ));
    let zero = begin(0, Some(first)).unwrap();
    let mut one = begin(1, Some(second)).unwrap();
    zero.request(&to(1, 7)).unwrap();
    assert_eq!(next(&mut one).msg, 7);
}

/// What is asked wrongly is said.
#[test]
fn mistakes_are_named() {
    let peers = peers(2, &[]);
    let stranger = host(NodeId(2), &peers, perfect).unwrap_err();
    assert_eq!(
        stranger.to_string(),
        "there is no process 2: the peers are 0 to 1"
    );
    let _zero = host(NodeId(0), &peers, perfect).unwrap();
    let again = host(NodeId(0), &peers, perfect).unwrap_err().to_string();
    assert!(again.contains("in use"), "{again}");
    let key = Host::new(NodeId(1), &peers).key(Secret::generate().unwrap());
    assert!(matches!(key.start(perfect), Err(HostError::NoKeys)));
}

/// It says everything twice, and cannot bear a 13.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Superstitious;

impl Protocol for Superstitious {
    type Offers = Link<u32, FairLoss>;
    type Needs = Net<Text>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        if let Event::Request(Transmit { msg, .. }) = event {
            assert_ne!(msg, 13, "unlucky");
            for _ in 0..2 {
                let from = fx.me();
                fx.indicate(Arrival { from, msg });
            }
        }
    }
}

/// A panic of the protocol ends its process, and its owner hears of it.
#[test]
fn a_panic_reaches_the_owner() {
    let peers = peers(1, &[]);
    let mut node = host(NodeId(0), &peers, |_| Superstitious).unwrap();
    node.request(&to(0, 12)).unwrap();
    node.request(&to(0, 13)).unwrap();
    assert_eq!(node.indications().map(|said| said.msg).sum::<u32>(), 24);
    assert!(matches!(node.try_next(), Err(HostError::Over)));
    let error = node.stop().unwrap_err().to_string();
    assert!(
        error.contains("panicked") && error.contains("unlucky"),
        "{error}"
    );
    let built = host(NodeId(0), &peers, |_| -> Superstitious {
        panic!("no such thing")
    });
    let error = built.unwrap().stop().unwrap_err().to_string();
    assert!(error.contains("no such thing"), "{error}");
}

/// A process whose indications nobody takes ends, and says why; it never loses one in silence.
#[test]
fn a_process_that_nobody_hears_ends() {
    let peers = peers(1, &[]);
    let node = Host::new(NodeId(0), &peers).indications_max(5);
    let mut node = node.start(|_| Superstitious).unwrap();
    while node.request(&to(0, 1)).is_ok() {}
    assert_eq!(node.indications().count(), 5);
    assert!(matches!(node.stop(), Err(HostError::Unheard)));
}

/// What a process did is done again, byte for byte, from its recording.
#[test]
fn a_recording_replays() {
    let folder = TempDir::new().unwrap();
    let (peers, path) = (peers(2, &[]), folder.path().join("n0.recording"));
    let zero = Host::new(NodeId(0), &peers).recording(&path);
    let mut zero = zero.start(perfect).unwrap();
    let one = host(NodeId(1), &peers, perfect).unwrap();
    for number in 0..10 {
        zero.request(&to(1, number)).unwrap();
        one.request(&to(0, number)).unwrap();
        next(&mut zero);
    }
    zero.stop().unwrap();
    let replayed = Host::new(NodeId(0), &peers).replay(&path, perfect).unwrap();
    assert_eq!(replayed.different, None);
    assert!(replayed.outputs >= 20, "{}", replayed.outputs);
    let other = Host::new(NodeId(1), &peers).replay(&path, perfect);
    assert!(matches!(other, Err(HostError::OtherRecording(_))));
}
