//! desru: a heap of boxed closures. f64 seconds, no rule for equal times, no network, no faults.

use std::cell::RefCell;
use std::rc::Rc;

use desru::{Event, EventScheduler};

use crate::measure::{Sample, Told, measure};
use crate::random::{Exponential, Random};
use crate::workload::Load;

struct World {
    load: Load,
    random: Random,
    law: Exponential,
    seen: Vec<bool>,
    delivered: u64,
}

type Shared = Rc<RefCell<World>>;

fn send(world: &Shared, scheduler: &mut EventScheduler, to: u32, ns: u64) {
    let time = scheduler.current_time + ns as f64 / 1e9;
    let world = world.clone();
    let arrive = move |scheduler: &mut EventScheduler| {
        arrive(&world, scheduler, to);
        None
    };
    scheduler.schedule(Event::new(time, Some(Box::new(arrive)), None));
}

fn arrive(shared: &Shared, scheduler: &mut EventScheduler, me: u32) {
    {
        let world = &mut *shared.borrow_mut();
        world.delivered += 1;
        let once = matches!(world.load, Load::Eager { .. } | Load::Gossip { .. });
        if once && std::mem::replace(&mut world.seen[me as usize], true) {
            return;
        }
    }
    tell(shared, scheduler, me);
}

fn tell(shared: &Shared, scheduler: &mut EventScheduler, me: u32) {
    let world = &mut *shared.borrow_mut();
    let (load, random) = (world.load, &mut world.random);
    let nodes = load.nodes();
    match load {
        Load::PingPong { .. } => send(shared, scheduler, 1 - me, 1_000_000),
        Load::Hold { .. } => {
            let to = random.other(me, nodes);
            send(shared, scheduler, to, world.law.ns(random));
        }
        Load::Eager { .. } => {
            for to in (0..nodes).filter(|to| *to != me) {
                send(shared, scheduler, to, random.uniform_ns());
            }
        }
        Load::Gossip { .. } => {
            for to in random.three_others(me, nodes) {
                send(shared, scheduler, to, random.uniform_ns());
            }
        }
    }
}

pub fn run(load: Load) -> Sample {
    let build = || {
        let world = World {
            load,
            random: Random::new(1),
            law: Exponential::new(),
            seen: vec![false; load.nodes() as usize],
            delivered: 0,
        };
        (EventScheduler::new(), Rc::new(RefCell::new(world)))
    };
    measure(build, |(mut scheduler, world)| {
        world.borrow_mut().seen[0] = true;
        let (starts, deliveries) = match load {
            Load::PingPong { deliveries } => (1, deliveries),
            Load::Hold {
                in_flight,
                deliveries,
                ..
            } => (in_flight, deliveries),
            Load::Eager { .. } | Load::Gossip { .. } => (1, u64::MAX),
        };
        for place in 0..starts {
            tell(&world, &mut scheduler, place % load.nodes());
        }
        let counted = world.clone();
        let stop = move |_: &EventScheduler| counted.borrow().delivered >= deliveries;
        scheduler.run(Box::new(stop), Some(Box::new(|_, _| false)));
        let deliveries = world.borrow().delivered;
        Told {
            deliveries,
            ..Told::default()
        }
    })
}
