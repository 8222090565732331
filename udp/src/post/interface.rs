//! The number of the interface that has an IPv6 address: what a multicast group of IPv6 is joined on.

use std::fs;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};

const TABLE: &str = "/proc/thread-self/net/if_inet6";

/// The interface of this local address: its scope if it names one, 0 (the kernel chooses) if it is any address.
pub(super) fn interface_of(local: SocketAddrV6) -> io::Result<u32> {
    if local.scope_id() != 0 || local.ip().is_unspecified() {
        return Ok(local.scope_id());
    }
    let table = fs::read_to_string(TABLE)?;
    interface_in(&table, *local.ip())
        .ok_or_else(|| io::Error::other("no interface has this address"))
}

/// A row is the address and the interface in hexadecimal, then what does not matter here.
fn interface_in(table: &str, wanted: Ipv6Addr) -> Option<u32> {
    let row = |line: &str| {
        let mut columns = line.split_ascii_whitespace();
        let address = u128::from_str_radix(columns.next()?, 16).ok()?;
        let interface = u32::from_str_radix(columns.next()?, 16).ok()?;
        Some((Ipv6Addr::from_bits(address), interface))
    };
    let mut rows = table.lines().filter_map(row);
    rows.find(|(address, _)| *address == wanted)
        .map(|(_, interface)| interface)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "\
fd000000000000000000000000000002 1f 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
";

    /// Numbers in that table are hexadecimal, which hosts with few interfaces do not show.
    #[test]
    fn finds_the_interface_of_an_address() {
        assert_eq!(interface_in(ROWS, Ipv6Addr::LOCALHOST), Some(1));
        let other = "fd00::2".parse().unwrap();
        assert_eq!(interface_in(ROWS, other), Some(31));
        assert_eq!(interface_in(ROWS, Ipv6Addr::UNSPECIFIED), None);
    }

    #[test]
    fn a_scope_is_an_interface() {
        let local = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0, 7);
        assert_eq!(interface_of(local).unwrap(), 7);
    }
}
