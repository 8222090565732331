//! What a post promises, on loopback.

use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const V4: &str = "127.0.0.1:0";
const V6: &str = "[::1]:0";
/// Far longer than anything takes on loopback: a test that waits for it has failed.
const LONG: Duration = Duration::from_secs(10);

/// A datagram as a test remembers it.
type Heard = (Option<NodeId>, SocketAddr, Vec<u8>, bool);

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn pair(address: &str) -> Post {
    Post::bind(&[(A, at(address)), (B, at(address))], None).unwrap()
}

/// Turns the loop until that many datagrams have come in, or until it is clear that they will not.
fn hear(post: &mut Post, datagrams: usize) -> Vec<Heard> {
    let mut heard = Vec::new();
    let start = Instant::now();
    while heard.len() < datagrams && start.elapsed() < LONG {
        post.wait(Some(Duration::from_millis(100)), false).unwrap();
        post.receive(|r| heard.push((r.at, r.source, r.bytes.to_vec(), r.truncated)))
            .unwrap();
    }
    heard
}

/// The least that can be asked, for both versions of IP: who gets it, from whom, and what.
fn two_processes_exchange_datagrams(address: &str) {
    let mut post = pair(address);
    let (a, b) = (post.address(A).unwrap(), post.address(B).unwrap());
    assert_ne!(a.port(), 0);
    assert_eq!(post.send(A, b, b"there").unwrap(), Sent::Done);
    assert_eq!(hear(&mut post, 1), [(Some(B), a, b"there".to_vec(), false)]);
    assert_eq!(post.send(B, a, b"and back").unwrap(), Sent::Done);
    assert_eq!(
        hear(&mut post, 1),
        [(Some(A), b, b"and back".to_vec(), false)]
    );
    let counts = post.counts();
    assert_eq!((counts.sent, counts.bytes_sent), (2, 13));
    assert_eq!((counts.received, counts.bytes_received), (2, 13));
    assert!(counts.buffer_granted > 0 && counts.buffer_granted <= u64::from(BUFFER));
    assert_eq!(counts.send_lost.total(), 0);
    assert_eq!(post.kernel_drops(), 0);
}

#[test]
fn two_processes_exchange_datagrams_over_ipv4() {
    two_processes_exchange_datagrams(V4);
}

#[test]
fn two_processes_exchange_datagrams_over_ipv6() {
    if UdpSocket::bind(V6).is_ok() {
        two_processes_exchange_datagrams(V6);
    }
}

/// RELIABILITY calls them legal: no length may be taken for "nothing there".
#[test]
fn a_datagram_may_be_empty() {
    let mut post = pair(V4);
    let (a, b) = (post.address(A).unwrap(), post.address(B).unwrap());
    post.send(A, b, b"").unwrap();
    post.send(A, b, b"after").unwrap();
    let heard = hear(&mut post, 2);
    assert_eq!(heard[0], (Some(B), a, Vec::new(), false));
    assert_eq!(heard[1], (Some(B), a, b"after".to_vec(), false));
}

/// The caller takes a truncated datagram for hostile, so the longest legal one must not look like one.
#[test]
fn tells_a_datagram_that_was_cut_off() {
    let mut post = pair(V4);
    let (a, b) = (post.address(A).unwrap(), post.address(B).unwrap());
    post.send(A, b, &[7; LONGEST]).unwrap();
    post.send(A, b, &[8; LONGEST + 1]).unwrap();
    post.send(A, b, &[9; 9_000]).unwrap();
    let heard = hear(&mut post, 3);
    assert_eq!(heard[0], (Some(B), a, vec![7; LONGEST], false));
    assert_eq!(heard[1], (Some(B), a, vec![8; LONGEST], true));
    assert_eq!(heard[2], (Some(B), a, vec![9; LONGEST], true));
    assert_eq!(post.counts().truncated, 2);
}

/// Timers of protocols are below a millisecond. Early would be wrong, late is the machine's load: hence the median.
#[test]
fn waits_for_less_than_a_millisecond_and_never_too_short() {
    let mut post = pair(V4);
    let asked = Duration::from_micros(300);
    let mut took: Vec<_> = (0..20)
        .map(|_| {
            let start = Instant::now();
            post.wait(Some(asked), false).unwrap();
            start.elapsed()
        })
        .collect();
    took.sort();
    assert!(took[0] >= asked, "{took:?}");
    assert!(took[10] < Duration::from_millis(2), "{took:?}");
}

/// A signal comes to another thread, and the loop must see it whether it waits already or not yet.
#[test]
fn the_waker_ends_a_wait_once() {
    let mut post = pair(V4);
    let waker = post.waker();
    let start = Instant::now();
    let thread = thread::spawn(move || {
        waker.wake();
        waker.wake();
    });
    post.wait(Some(LONG), false).unwrap();
    thread.join().unwrap();
    assert!(start.elapsed() < LONG);

    // What was heard is over; the second call may have come after the first had been heard.
    post.wait(Some(Duration::ZERO), false).unwrap();
    let start = Instant::now();
    post.wait(Some(Duration::from_millis(5)), false).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(5));

    // Reading datagrams in between does not swallow it.
    post.waker().wake();
    assert_eq!(post.receive(|_| {}).unwrap(), 0);
    let start = Instant::now();
    post.wait(Some(LONG), false).unwrap();
    assert!(start.elapsed() < LONG);
}

/// The most common mistake at a start is a node that runs already.
#[test]
fn says_which_address_is_in_use() {
    let taken = UdpSocket::bind(V4).unwrap();
    let address = taken.local_addr().unwrap();
    let error = Post::bind(&[(A, address)], None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert_eq!(
        error.to_string(),
        format!("n0 at {address}: the address is in use")
    );
    // TEST-NET-1 (RFC 5737) is nobody's.
    let error = Post::bind(&[(A, at("192.0.2.200:0"))], None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "n0 at 192.0.2.200:0: this host has no such address"
    );
}

/// What would otherwise be found out by silence is refused at the start.
#[test]
fn refuses_what_cannot_be_meant() {
    let refused = |local: &[(NodeId, SocketAddr)], group: Option<&str>| {
        let error = Post::bind(local, group.map(at)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        error.to_string()
    };
    let (v4, v6) = ((A, at(V4)), (B, at(V6)));
    assert_eq!(refused(&[v4, v4], None), "n0 has two addresses");
    assert_eq!(
        refused(&[v4], Some("10.0.0.1:5")),
        "group 10.0.0.1:5: not a multicast address with a port"
    );
    assert_eq!(
        refused(&[v4, v6], Some("239.1.1.1:5")),
        "group 239.1.1.1:5: n1 at [::1]:0 speaks another version of IP"
    );
    assert_eq!(
        refused(&[], Some("239.1.1.1:5")),
        "group 239.1.1.1:5: nobody lives here"
    );
    let mut post = Post::bind(&[v4], None).unwrap();
    assert!(post.send(B, at("127.0.0.1:9"), b"").is_err());
    assert!(post.send_group(A, b"").is_err());
}

/// No error of a network may stop a node: it is a loss of a kind, and the next datagram goes out.
#[test]
fn what_cannot_be_sent_is_lost_and_counted() {
    let mut post = pair(V4);
    let b = post.address(B).unwrap();
    assert_eq!(post.send(A, b, &[0; 70_000]).unwrap(), Sent::Lost);
    assert_eq!(post.send(A, at("[::1]:9"), b"no IPv6").unwrap(), Sent::Lost);
    assert_eq!(
        post.send(A, at("127.0.0.1:0"), b"port 0").unwrap(),
        Sent::Lost
    );
    // Without SO_BROADCAST the kernel says EACCES, as a prohibiting route does.
    let broadcast = at("255.255.255.255:9");
    assert_eq!(post.send(A, broadcast, b"to all").unwrap(), Sent::Lost);
    let lost = post.counts().send_lost;
    assert_eq!((lost.too_long, lost.total()), (1, 4));
    assert_eq!(post.send(A, b, b"still here").unwrap(), Sent::Done);
    assert_eq!(hear(&mut post, 1).len(), 1);
    assert_eq!(post.counts().sent, 1);
}

/// A connected socket would say ECONNREFUSED on the next read, and a peer that restarts would look like an error.
#[test]
fn a_closed_port_is_silent() {
    for address in [V4, V6] {
        let Ok(gone) = UdpSocket::bind(address) else {
            continue;
        };
        let closed = gone.local_addr().unwrap();
        drop(gone);
        let mut post = pair(address);
        for _ in 0..10 {
            assert_eq!(post.send(A, closed, b"anybody?").unwrap(), Sent::Done);
            post.wait(Some(Duration::from_millis(1)), false).unwrap();
            assert_eq!(post.receive(|_| {}).unwrap(), 0);
        }
        assert_eq!(post.counts().receive_errors, 0);
    }
}

/// Who floods one process must not keep another waiting, nor the timers of either.
#[test]
fn a_flooded_socket_does_not_keep_another_waiting() {
    let mut post = pair(V4);
    let (a, b) = (post.address(A).unwrap(), post.address(B).unwrap());
    for _ in 0..5 * READS {
        assert_eq!(post.send(B, a, b"flood").unwrap(), Sent::Done);
    }
    assert_eq!(post.send(A, b, b"one").unwrap(), Sent::Done);
    let (mut flood, mut one) = (0, 0);
    post.wait(Some(LONG), false).unwrap();
    let read = post
        .receive(|received| match received.at {
            Some(A) => flood += 1,
            _ => one += 1,
        })
        .unwrap();
    assert_eq!((read, flood, one), (READS + 1, READS, 1));
    // Nothing is forgotten: what was left ends the next wait at once.
    let start = Instant::now();
    assert_eq!(hear(&mut post, 4 * READS).len(), 4 * READS);
    assert!(start.elapsed() < LONG);
}

/// A loop that asks for room while there is room must not sleep on it.
#[test]
fn a_wait_for_room_ends_when_there_is_room() {
    let mut post = pair(V4);
    let start = Instant::now();
    post.wait(Some(LONG), true).unwrap();
    // As if a send had found its socket full: it has room meanwhile, and the kernel says so once.
    post.ready.note_full(0);
    post.wait(Some(LONG), true).unwrap();
    // As if a device had been full, of which the kernel never tells.
    post.ready.note_device_full();
    post.wait(Some(LONG), true).unwrap();
    assert!(start.elapsed() < LONG);
    // Room is no reason to wake up for who does not ask.
    post.ready.note_full(1);
    let start = Instant::now();
    post.wait(Some(Duration::from_millis(5)), false).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(5));
}

/// Two loops, as two processes of one host would be, and all that live in them: everybody hears a group send, in the
/// loop of the sender too.
fn a_group_send_reaches_all_loops(local: &str, group: &str) -> io::Result<()> {
    let group = {
        // A port that nobody has now, so that tests can run side by side.
        let free = UdpSocket::bind(local)?.local_addr()?.port();
        SocketAddr::new(at(group).ip(), free)
    };
    let mut first = Post::bind(&[(A, at(local))], Some(group))?;
    let mut second = Post::bind(&[(B, at(local))], Some(group))?;
    let source = first.address(A).unwrap();
    assert_eq!(first.send_group(A, b"all")?, Sent::Done);
    let expected = [(None, source, b"all".to_vec(), false)];
    assert_eq!(hear(&mut first, 1), expected);
    assert_eq!(hear(&mut second, 1), expected);
    assert_eq!((first.counts().sent, second.counts().sent), (1, 0));
    Ok(())
}

#[test]
fn a_group_send_reaches_all_loops_over_ipv4() {
    a_group_send_reaches_all_loops(V4, "239.255.42.1:0").unwrap();
}

/// The loopback of IPv6 carries no multicast unless a local route is added, and some hosts have no IPv6. Where a post
/// can be bound, by whatever address this host has, it must work.
#[test]
fn a_group_send_reaches_all_loops_over_ipv6() {
    let table = std::fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default();
    for row in table.lines() {
        let address = u128::from_str_radix(&row[..32], 16).unwrap();
        let address = std::net::Ipv6Addr::from_bits(address);
        if address.is_unicast_link_local() {
            continue;
        }
        for group in ["[ff02::5747:1]:0", "[ff05::5747:1]:0"] {
            let local = SocketAddr::new(address.into(), 0).to_string();
            let _refused_here = a_group_send_reaches_all_loops(&local, group);
        }
    }
}

/// Every link has its ff02::1: with an address that stands for all interfaces nobody could say which is meant.
#[test]
fn a_group_of_a_link_needs_an_interface() {
    let error = Post::bind(&[(A, at("[::]:0"))], Some(at("[ff02::5747:1]:4000"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "group [ff02::5747:1]:4000: every link has a group of that name; say on which interface, as in [ff02::1%2]:4000"
    );
}

/// An overrun must be told from a lossy network: only the kernel knows of it.
#[test]
fn the_kernel_tells_what_it_dropped() {
    let mut post = pair(V4);
    if std::fs::read_to_string("/proc/thread-self/net/udp").is_err() {
        return;
    }
    rustix::net::sockopt::set_socket_recv_buffer_size(&post.sockets[1].udp, 4_096).unwrap();
    let b = post.address(B).unwrap();
    for _ in 0..100 {
        assert_eq!(post.send(A, b, &[0; 1_000]).unwrap(), Sent::Done);
    }
    let drops = post.kernel_drops();
    assert!(drops > 0);
    let dropped = usize::try_from(drops).unwrap();
    assert_eq!(hear(&mut post, 100 - dropped).len(), 100 - dropped);
    assert_eq!(post.receive(|_| {}).unwrap(), 0);
}
