//! Marks that do not belong to a protocol: those of links, of routing, and of whoever turns Byzantine.

use crate::format::Mark;

/// What may be marked below any protocol, or around it.
pub const COMMON: &[Mark] = &[
    mark("link_retransmitted", "a link sent a message again"),
    mark(
        "link_duplicate_dropped",
        "a link received a message that it had delivered before",
    ),
    mark(
        "link_gave_up",
        "a link sent a message as often as it may, and nobody acknowledged it",
    ),
    mark(
        "link_backlog_full",
        "a link had so many messages to repeat that it dropped one",
    ),
    mark(
        "link_above_window",
        "a link received a message too far ahead of those it waits for",
    ),
    mark(
        "link_former_life",
        "a link received a message from or for a former life of its process",
    ),
    mark(
        "link_misplaced",
        "a link received a frame of another kind of link",
    ),
    mark(
        "link_said_again",
        "a logged link told a recovered node what it had logged last",
    ),
    mark(
        "fifo_held",
        "a message came early, and waits for those before it",
    ),
    mark(
        "fifo_other_stream",
        "a message came from or for a former life, so its number means nothing",
    ),
    mark(
        "fifo_above_window",
        "a message came too early, and was dropped",
    ),
    mark(
        "fifo_waiting_full",
        "too much waits until a recovered peer has answered",
    ),
    mark(
        "forged_refused",
        "a message bore a seal that its sender cannot have made",
    ),
    mark(
        "no_key",
        "an authenticated link has no key for that peer, and drops the message",
    ),
    mark(
        "flood_again",
        "a flooded message came once more, with more hops left than before",
    ),
    mark(
        "flood_no_hops",
        "a flooded message came that should not have been sent",
    ),
    mark("hop_misplaced", "a frame came that is routed otherwise"),
    mark("byzantine_silent", "a traitor did not send"),
    mark(
        "byzantine_equivocated",
        "a traitor told some something else than the rest",
    ),
    mark("byzantine_mutated", "a traitor changed what it sent"),
    mark("byzantine_replayed", "a traitor sent something again"),
    mark("byzantine_flooded", "a traitor sent too many copies"),
];

const fn mark(name: &'static str, what: &'static str) -> Mark {
    Mark { name, what }
}
