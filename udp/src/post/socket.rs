//! How sockets are made: non-blocking, never connected, with large buffers, and never fragmented by IP.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket};

use rustix::io::Errno;
use rustix::net::sockopt::{
    Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::interface::interface_of;

/// Bytes that are asked for each socket's receive buffer, and for its send buffer.
pub const BUFFER: u32 = 4 * 1024 * 1024;

/// Group sends stay in the local network.
const GROUP_HOPS: u32 = 1;

/// The socket of one process. It sends to a group, if there is one, through the interface of its own address.
pub(super) fn node_socket(local: SocketAddr, group: Option<SocketAddr>) -> io::Result<UdpSocket> {
    let socket = prepared(local)?;
    if let Some(group) = group {
        send_from_interface_of(&socket, local)?;
        // Asks for a route, and sends nothing: a group that cannot be reached would be silent for ever.
        let probe = prepared(local)?;
        send_from_interface_of(&probe, local)?;
        probe.connect(&SockAddr::from(group))?;
    }
    socket.bind(&SockAddr::from(local))?;
    Ok(socket.into())
}

fn send_from_interface_of(socket: &Socket, local: SocketAddr) -> io::Result<()> {
    match local {
        SocketAddr::V4(local) => {
            socket.set_multicast_if_v4(local.ip())?;
            socket.set_multicast_loop_v4(true)?;
            socket.set_multicast_ttl_v4(GROUP_HOPS)
        }
        SocketAddr::V6(local) => {
            socket.set_multicast_if_v6(interface_of(local)?)?;
            socket.set_multicast_loop_v6(true)?;
            socket.set_multicast_hops_v6(GROUP_HOPS)
        }
    }
}

/// The socket that hears the group on the interfaces of these local addresses. Any number of loops, in one process or
/// in several, can share a group and its port.
pub(super) fn group_socket(
    group: SocketAddr,
    local: impl Iterator<Item = IpAddr>,
) -> io::Result<UdpSocket> {
    let socket = prepared(group)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(group))?;
    for interface in local.collect::<BTreeSet<_>>() {
        let joined = match (group.ip(), interface) {
            (IpAddr::V4(group), IpAddr::V4(interface)) => {
                socket.join_multicast_v4(&group, &interface)
            }
            (IpAddr::V6(address), IpAddr::V6(interface)) => {
                let interface = SocketAddrV6::new(interface, 0, 0, scope(group));
                socket.join_multicast_v6(&address, interface_of(interface)?)
            }
            _ => Err(Errno::AFNOSUPPORT.into()),
        };
        match joined {
            // Two addresses of one interface: it has joined already.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::ADDRINUSE) => {}
            joined => joined?,
        }
    }
    Ok(socket.into())
}

/// The group as it must be named: one that every link has for itself needs to be told which.
pub(super) fn with_scope(group: SocketAddr, first: SocketAddr) -> io::Result<SocketAddr> {
    let (SocketAddr::V6(mut group), SocketAddr::V6(first)) = (group, first) else {
        return Ok(group);
    };
    // ff01:: is the interface and ff02:: the link (RFC 4291, section 2.7).
    let is_of_a_link = matches!(group.ip().segments()[0] & 0xf, 1 | 2);
    if is_of_a_link && group.scope_id() == 0 {
        group.set_scope_id(interface_of(first)?);
        if group.scope_id() == 0 {
            let said = "every link has a group of that name; say on which interface, as in [ff02::1%2]:4000";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, said));
        }
    }
    Ok(group.into())
}

/// What all sockets have in common.
fn prepared(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The kernel gives what it may and says nothing: the counts tell.
    socket.set_recv_buffer_size(BUFFER as usize)?;
    socket.set_send_buffer_size(BUFFER as usize)?;
    // PROBE rather than DO: a forged "fragmentation needed" must not silence a sender. And a socket hears the groups
    // that it has joined itself, not those of other programs.
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        set_ipv6_mtu_discover(&socket, Ipv6PathMtuDiscovery::PROBE)?;
        socket.set_multicast_all_v6(false)?;
    } else {
        set_ip_mtu_discover(&socket, Ipv4PathMtuDiscovery::PROBE)?;
        socket.set_multicast_all_v4(false)?;
    }
    Ok(socket)
}

fn scope(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(address) => address.scope_id(),
    }
}
