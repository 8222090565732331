//! The rule of interpretation, as [`crate::kernel::protocol`] states it: set the environment, call the one handler, carry
//! out the effects in order. A crash may fall between any two of them.

use crate::kernel::canonical::digest;
use crate::kernel::disk::Disk;
use crate::kernel::env::{Choices, Env};
use crate::kernel::id::NodeId;
use crate::kernel::property::{Fact, Moment};
use crate::kernel::protocol::{Effect, Effects, Event, Node};
use crate::kernel::time::LocalTime;
use crate::trace::What;

use super::engine::{Kind, Sim};
use super::numbers::Folded;
use super::outcome::MarkCount;
use super::queue::Entry;

/// Where a handler writes: one list, reused for every event.
pub(super) struct Buffer<P: Node> {
    pub(super) env: Env,
    pub(super) effects: Vec<Effect<P>>,
}

impl<P: Node> Effects<P> for Buffer<P> {
    fn emit(&mut self, effect: Effect<P>) {
        self.effects.push(effect);
    }

    fn env(&mut self) -> &mut Env {
        &mut self.env
    }
}

/// The event that a handler is working on, as the cause of what it does.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    pub(super) event: u64,
    pub(super) depth: u32,
}

impl<P: Node> Sim<P> {
    /// The rule of interpretation: set the environment, call the handler, carry out the effects in order.
    pub(super) fn handle(&mut self, node: NodeId, event: Event<P>, cause: Cause) {
        let host = &mut self.hosts[node.index()];
        let env = &mut self.buffer.env;
        let local = LocalTime::from_nanos(i64::try_from(self.now.as_nanos()).unwrap_or(i64::MAX));
        (env.me, env.now, env.monotonic) = (node, local, local);
        if let Choices::Keyed { made, .. } = &mut env.choices {
            *made = host.choices;
        }
        host.program.on(event, &mut self.buffer);
        if let Choices::Keyed { made, .. } = self.buffer.env.choices {
            host.choices = made;
        }
        let mut effects = std::mem::take(&mut self.buffer.effects);
        for effect in effects.drain(..) {
            self.carry_out(node, effect, cause);
            if !self.hosts[node.index()].up {
                break; // The crash fell between two effects: what follows does not happen.
            }
        }
        self.buffer.effects = effects;
    }

    fn carry_out(&mut self, node: NodeId, effect: Effect<P>, cause: Cause) {
        match effect {
            Effect::Request(transmit) => self.transmit(node, transmit, cause),
            Effect::Indicate(said) => {
                self.counters.indications += 1;
                self.counters.depth = self.counters.depth.max(cause.depth);
                let event = self.next_event(Folded::Deliver, node, digest(&said).hash);
                self.note(event, cause.event, node, |recorder| {
                    What::Deliver(recorder.summary(&said))
                });
                self.judge.see(
                    Moment {
                        at: self.now,
                        event,
                    },
                    &Fact::Indicated(node, &said),
                );
            }
            Effect::Arm(tag, span) => {
                let event = self.next_event(Folded::Arm, node, digest(&(tag, span)).hash);
                self.note(event, cause.event, node, |recorder| {
                    What::Arm(recorder.summary(&tag), span)
                });
                let row = self.timers.arm(
                    &mut self.hosts[node.index()].timers,
                    tag,
                    event,
                    cause.depth,
                );
                let at = self.now.after(span).as_nanos();
                self.queue.push(Entry {
                    at,
                    node: node.0,
                    handle: Kind::Timer.handle(row),
                });
            }
            Effect::Disarm(tag) => {
                if self
                    .timers
                    .disarm(&mut self.hosts[node.index()].timers, tag)
                {
                    let event = self.next_event(Folded::Disarm, node, digest(&tag).hash);
                    self.note(event, cause.event, node, |recorder| {
                        What::Disarm(recorder.summary(&tag))
                    });
                }
            }
            Effect::Mark(name) => self.mark(node, name, cause),
            Effect::Persist(write) => {
                let event = self.next_event(Folded::Persist, node, digest(&write).hash);
                self.note(event, cause.event, node, |recorder| {
                    What::Persist(recorder.summary(&write))
                });
                self.hosts[node.index()].disk.apply(write);
            }
        }
    }

    fn mark(&mut self, node: NodeId, name: &'static str, cause: Cause) {
        let event = self.next_event(Folded::Mark, node, digest(name).hash);
        self.note(event, cause.event, node, |recorder| {
            What::Mark(recorder.summary(&name))
        });
        let first = Moment {
            at: self.now,
            event,
        };
        self.marks
            .entry(name)
            .or_insert(MarkCount {
                count: 0,
                first,
                node,
            })
            .count += 1;
    }
}
