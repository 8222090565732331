//! Datagrams that came in and that the kernel dropped, most often because nobody read them in time.

use std::fs;
use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

/// One row a socket; the thread's own network namespace.
const TABLES: [&str; 2] = ["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"];

/// The number under which the kernel's tables list this socket.
pub(super) fn inode(socket: &UdpSocket) -> io::Result<u64> {
    let descriptor = OwnedFd::from(socket.try_clone()?);
    Ok(fs::File::from(descriptor).metadata()?.ino())
}

/// How many datagrams for the sockets with these inodes were dropped, 0 where the kernel does not tell.
pub(super) fn kernel_drops(inodes: &[u64]) -> u64 {
    let drops = |path| fs::read_to_string(path).map_or(0, |table| drops_in(&table, inodes));
    TABLES.into_iter().map(drops).sum()
}

fn drops_in(table: &str, inodes: &[u64]) -> u64 {
    let ours = table.lines().skip(1).filter_map(row);
    ours.filter(|(inode, _)| inodes.contains(inode))
        .map(|(_, drops)| drops)
        .sum()
}

/// Inode and drops of one row.
fn row(line: &str) -> Option<(u64, u64)> {
    let mut columns = line.split_ascii_whitespace();
    let inode = columns.nth(9)?.parse().ok()?;
    let drops = columns.nth(2)?.parse().ok()?;
    Some((inode, drops))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns as Linux prints them, so that a wrong count of columns is found without provoking drops.
    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  309: 0100007F:9C41 00000000:0000 07 00000000:00001E00 00:00000000 00000000     0        0 44161 2 00000000b6f4a2d1 17
  310: 0100007F:9C42 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 44162 2 00000000b6f4a2d2 4
  311: 0100007F:9C43 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 44163 2 00000000b6f4a2d3 100
";

    #[test]
    fn adds_up_the_drops_of_our_sockets() {
        assert_eq!(drops_in(TABLE, &[44161, 44162]), 21);
        assert_eq!(drops_in(TABLE, &[1]), 0);
        assert_eq!(drops_in("", &[44161]), 0);
    }
}
