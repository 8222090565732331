//! Another message of the same type, made from the bytes of one.
//!
//! The encoding has no lengths around its parts, so the encoding of one text can take the place of that of another
//! wherever it occurs. What the bytes then say is decided by decoding them.

use alloc::vec::Vec;

use sim_core::kernel::prelude::*;
use sim_core::kernel::wire;

/// How many bits are tried before a message is left as it is.
const TRIES: u32 = 32;

/// `msg` with one bit of its bytes flipped, drawn by `pick` among so many; `None` if no bit that was tried gives another
/// message.
pub(super) fn mutated<M: Payload>(msg: &M, mut pick: impl FnMut(u32) -> u32) -> Option<M> {
    let mut bytes = wire::encode(msg);
    let bits = u32::try_from(bytes.len())
        .unwrap_or(u32::MAX)
        .saturating_mul(8);
    if bits == 0 {
        return None;
    }
    (0..TRIES).find_map(|_| {
        let bit = pick(bits);
        let (place, mask) = ((bit / 8) as usize, 1 << (bit % 8));
        bytes[place] ^= mask;
        let other = wire::decode(&bytes).filter(|other| other != msg);
        bytes[place] ^= mask;
        other
    })
}

/// `msg` with the text `to` wherever it has the text `from`; `None` if that is no other message.
pub(super) fn replaced<M: Payload>(msg: &M, from: &str, to: &str) -> Option<M> {
    let (bytes, from, to) = (wire::encode(msg), wire::encode(from), wire::encode(to));
    let mut altered = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let [first, more @ ..] = rest {
        if let Some(behind) = rest.strip_prefix(&from[..]) {
            altered.extend_from_slice(&to);
            rest = behind;
        } else {
            altered.push(*first);
            rest = more;
        }
    }
    wire::decode(&altered).filter(|other| other != msg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::text::Text;

    type Pair = Either<u32, Text>;

    #[test]
    fn one_text_takes_the_place_of_another() {
        let pair = |text: &str| Pair::Right(text.into());
        assert_eq!(
            replaced(&pair("yes"), "yes", "certainly not"),
            Some(pair("certainly not"))
        );
        assert_eq!(replaced(&pair("yes!"), "yes", "no"), None, "another text");
        assert_eq!(replaced(&Pair::Left(7), "yes", "no"), None, "no text");
        assert_eq!(replaced(&pair("yes"), "yes", "yes"), None, "no difference");
    }

    /// The bytes of `Right("hi")` are 1, 2, 'h', 'i'.
    #[test]
    fn a_flipped_bit_gives_another_message_or_none() {
        let hi = Pair::Right("hi".into());
        let flip = |bits: &[u32]| {
            let mut bits = bits.iter().copied().cycle();
            mutated(&hi, |n| {
                assert_eq!(n, 32);
                bits.next().expect("it cycles")
            })
        };
        assert_eq!(flip(&[24]), Some(Pair::Right("hh".into())));
        assert_eq!(
            flip(&[1, 24]),
            Some(Pair::Right("hh".into())),
            "no variant 3"
        );
        assert_eq!(flip(&[1]), None, "never a message");
    }
}
