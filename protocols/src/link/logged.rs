//! A perfect link for processes that crash and recover: what is delivered is on stable storage first.
//!
//! Source: Cachin, Guerraoui, Rodrigues, Alg. 2.3 (Log Delivered), with acks and a bounded record as in [`PerfectLink`].
//! Needs fair-loss links, offers logged perfect ones (LPL1 to LPL3).
//! Cost: as [`PerfectLink`], and one write a delivery, before the indication and before the ack.
//! Model: crash-recovery. A crash may fall between the write and the indication, so in its next life the process says the
//! last logged message once more: the layer above may hear that one twice, once from each life, as in the book, where it
//! is handed its whole log. The sending side is volatile: LPL1 promises for senders that never crash.
//!
//! [`PerfectLink`]: super::PerfectLink

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::exchange::{Carrier, Exchange, Frame, Receipt, Records, Retransmission, Retransmit};

/// What a process still knows after a crash: which messages it has delivered, and the last of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Log<M> {
    records: Records,
    last: Option<Arrival<M>>,
}

impl<M> Default for Log<M> {
    fn default() -> Self {
        Log {
            records: Records::NONE,
            last: None,
        }
    }
}

impl<M: Payload> Disk for Log<M> {
    type Write = Receipt<M>;

    fn apply(&mut self, Receipt { place, arrival }: Receipt<M>) {
        if let Some((stamp, watermark)) = place {
            self.records.restore(arrival.from, stamp, watermark);
        }
        self.last = Some(arrival);
    }
}

/// One process's end of its links.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoggedLink<M> {
    exchange: Exchange<M>,
}

impl<M: Payload> LoggedLink<M> {
    /// The layer.
    #[must_use]
    pub const fn new(config: Retransmission) -> Self {
        LoggedLink {
            exchange: Exchange::new(config),
        }
    }

    /// Bytes that its receiving side keeps: so many a sender, however many messages there were.
    #[must_use]
    pub fn window_bytes(&self) -> usize {
        self.exchange.window_bytes()
    }
}

impl<M: Payload> Protocol for LoggedLink<M> {
    type Offers = Link<M, Logged>;
    type Needs = Net<Frame<M>>;
    type Timer = Retransmit;
    type Disk = Log<M>;

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.on_boot(boot, fx),
            Event::Request(transmit) => self.exchange.on_request(transmit, fx),
            Event::Indication(arrival) => self.exchange.on_frame(arrival, fx),
            Event::Timer(Retransmit) => self.exchange.on_timer(fx),
        }
    }
}

impl<M: Payload> LoggedLink<M> {
    fn on_boot(&mut self, boot: Boot<Log<M>>, fx: &mut impl Effects<Self>) {
        self.exchange.boot(boot.incarnation, boot.disk.records);
        if let Some(last) = boot.disk.last {
            // It is not known whether the crash came before or after it was said.
            fx.mark("link_said_again");
            fx.indicate(last);
        }
    }
}

impl<M: Payload> Carrier<M> for LoggedLink<M> {
    type Above = Logged;
    type Below = FairLoss;

    fn keep(receipt: Receipt<M>, fx: &mut impl Effects<Self>) {
        fx.persist(receipt);
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange::{Rto, Stamp};
    use super::*;
    use sim_core::kernel::rig::Rig;

    const ONE: NodeId = NodeId(1);

    fn bench() -> Rig<LoggedLink<u8>> {
        Rig::new(LoggedLink::new(Retransmission {
            rto: Rto::Fixed(Span::from_millis(1)),
            attempts: None,
            backlog: 3,
        }))
    }

    fn copy(seq: u64, base: u64) -> Arrival<Frame<u8>> {
        let stamp = Stamp {
            incarnation: 0,
            seq,
            attempt: 0,
        };
        let msg = Frame::Msg {
            stamp,
            base,
            msg: 7,
        };
        Arrival { from: ONE, msg }
    }

    const SAID: Effect<LoggedLink<u8>> = Effect::Indicate(Arrival { from: ONE, msg: 7 });

    /// What the effects leave on the disk.
    fn written(effects: &[Effect<LoggedLink<u8>>], mut disk: Log<u8>) -> Log<u8> {
        for effect in effects {
            if let Effect::Persist(write) = effect {
                disk.apply(write.clone());
            }
        }
        disk
    }

    /// LPL: a message is in stable storage, then it is delivered, then its sender may forget it.
    #[test]
    fn logs_then_delivers_then_acknowledges() {
        let mut rig = bench();
        let effects = rig.boot().indication(copy(0, 0)).effects();
        assert!(matches!(
            effects[..],
            [Effect::Persist(_), SAID, Effect::Request(_)]
        ));
    }

    /// A crash after the write but before the indication: the next life says it, and drops the copy that comes again.
    #[test]
    fn says_the_last_one_again_and_no_other() {
        let mut rig = bench();
        let effects = rig.boot().indication(copy(3, 1)).effects();
        let mut disk = written(&effects, Log::default());
        for incarnation in 1..3 {
            let mut next = bench();
            let boot = Boot {
                disk: disk.clone(),
                incarnation,
            };
            assert_eq!(next.boot_with(boot).effects(), [SAID]);
            let again = next.indication(copy(3, 1)).effects();
            assert!(matches!(again[..], [Effect::Request(_)]), "an ack, no more");
            // The base it had seen is remembered too: 0 was given up or delivered long ago.
            assert!(!next.indication(copy(0, 0)).effects().contains(&SAID));
            let effects = next
                .indication(copy(3 + u64::from(incarnation), 1))
                .effects();
            assert!(effects.contains(&SAID), "what is new is delivered");
            disk = written(&effects, disk);
        }
    }

    #[test]
    fn logs_what_it_sends_to_itself() {
        let mut rig = bench();
        let own = Arrival {
            from: NodeId(0),
            msg: Frame::Own(7),
        };
        let effects = rig.boot().indication(own).effects();
        assert!(matches!(
            effects[..],
            [Effect::Persist(_), Effect::Indicate(_)]
        ));
        assert!(written(&effects, Log::default()).last.is_some());
    }

    #[test]
    fn a_first_life_has_nothing_to_say() {
        assert_eq!(bench().boot().effects(), []);
    }
}
