//! nexosim: models are tasks with mailboxes. A model can schedule for itself only, so a router holds what is delayed:
//! a message goes node, router, node. One thread of its executor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;

use crate::measure::{Sample, Told, measure};
use crate::random::{Exponential, Random};
use crate::workload::Load;

/// To whom, and how often it was forwarded.
type Message = (u32, u32);

struct Node {
    me: u32,
    load: Load,
    seen: bool,
    random: Random,
    delivered: Arc<AtomicU64>,
    network: Output<Message>,
}

impl Model for Node {}

impl Node {
    async fn begin(&mut self, messages: u32) {
        self.seen = true;
        for _ in 0..messages {
            self.tell(0).await;
        }
    }

    async fn on_message(&mut self, (_, n): Message) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        let once = matches!(self.load, Load::Eager { .. } | Load::Gossip { .. });
        if !(once && std::mem::replace(&mut self.seen, true)) {
            self.tell(n.wrapping_add(1)).await;
        }
    }

    async fn tell(&mut self, n: u32) {
        let nodes = self.load.nodes();
        match self.load {
            Load::PingPong { .. } => self.network.send((1 - self.me, n)).await,
            Load::Hold { .. } => {
                let to = self.random.other(self.me, nodes);
                self.network.send((to, n)).await;
            }
            Load::Eager { .. } => {
                for to in (0..nodes).filter(|to| *to != self.me) {
                    self.network.send((to, n)).await;
                }
            }
            Load::Gossip { .. } => {
                for to in self.random.three_others(self.me, nodes) {
                    self.network.send((to, n)).await;
                }
            }
        }
    }
}

struct Router {
    load: Load,
    law: Exponential,
    random: Random,
    nodes: Vec<Output<Message>>,
}

impl Model for Router {}

impl Router {
    fn route(&mut self, message: Message, context: &mut Context<Self>) {
        let ns = match self.load {
            Load::PingPong { .. } => 1_000_000,
            Load::Hold { .. } => self.law.ns(&mut self.random).max(1),
            Load::Eager { .. } | Load::Gossip { .. } => self.random.uniform_ns(),
        };
        context
            .schedule_event(Duration::from_nanos(ns), Self::deliver, message)
            .expect("a time to come");
    }

    async fn deliver(&mut self, message: Message) {
        self.nodes[message.0 as usize].send(message).await;
    }
}

pub fn run(load: Load) -> Sample {
    let delivered = Arc::new(AtomicU64::new(0));
    let build = || {
        let mut init = SimInit::with_num_threads(1);
        let mut router = Router {
            load,
            law: Exponential::new(),
            random: Random::new(1),
            nodes: Vec::new(),
        };
        let routing = Mailbox::new();
        let mut addresses = Vec::new();
        for me in 0..load.nodes() {
            let mut node = Node {
                me,
                load,
                seen: false,
                random: Random::new(u64::from(me) + 2),
                delivered: delivered.clone(),
                network: Output::default(),
            };
            let mailbox = Mailbox::new();
            node.network.connect(Router::route, &routing);
            let mut output = Output::default();
            output.connect(Node::on_message, &mailbox);
            router.nodes.push(output);
            addresses.push(mailbox.address());
            init = init.add_model(node, mailbox, "node");
        }
        let (sim, _) = init
            .add_model(router, routing, "router")
            .init(MonotonicTime::EPOCH)
            .expect("models that start");
        (sim, addresses)
    };
    measure(build, |(mut sim, addresses)| {
        let (messages, deliveries) = match load {
            Load::Hold {
                nodes,
                in_flight,
                deliveries,
            } => (vec![in_flight / nodes; nodes as usize], deliveries),
            Load::PingPong { deliveries } => (vec![1], deliveries),
            Load::Eager { .. } | Load::Gossip { .. } => (vec![1], u64::MAX),
        };
        for (address, count) in addresses.iter().zip(messages) {
            sim.process_event(Node::begin, count, address)
                .expect("an event");
        }
        while delivered.load(Ordering::Relaxed) < deliveries {
            let before = sim.time();
            sim.step().expect("a step");
            if sim.time() == before {
                break;
            }
        }
        Told {
            deliveries: delivered.load(Ordering::Relaxed),
            ..Told::default()
        }
    })
}
