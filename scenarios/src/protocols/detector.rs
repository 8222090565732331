//! Failure detectors, as scenarios see them. Nobody asks them for anything: a workload has no operations.

use protocols::detector::property::{Promises, askable, checker};
use protocols::detector::{
    Accrual, AccrualSettings, Accurate, Alive, Detector, EventuallyAccurate, ExcludeOnTimeout,
    Fixed, Heartbeat, Heartbeats, IncreasingTimeout, Model, PHI_MAX, WINDOW_MAX,
};
use sim_core::kernel::either::Never;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::port::{FairLoss, Link, Perfect};
use sim_core::kernel::property::{About as PropertyAbout, Property};
use sim_core::kernel::protocol::Protocol;
use sim_core::kernel::time::Span;

use super::crash_detection::PROCESS_DETECTED;
use crate::format::{About, Choice, Fields, Mark, Messages, Need};
use crate::recipe::{Family, Recipe};

impl<G: Promises> Family for Detector<G> {
    const OPERATIONS: &'static [&'static str] = &[];

    fn read(_: &mut Fields<'_>) -> Option<Never> {
        None
    }

    fn again(request: &Never, _: u64) -> Never {
        *request
    }

    fn properties() -> Vec<PropertyAbout> {
        askable::<G>().collect()
    }

    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name, overlay.nodes())
    }
}

const SUSPICION_TAKEN_BACK: Mark = Mark {
    name: "suspicion_taken_back",
    what: "a node that had been suspected was heard of again",
};

/// `PerfectDetector`: who does not answer within a period has crashed.
#[derive(Clone, Copy, Debug)]
pub struct PerfectDetector {
    period: Span,
}

impl Recipe for PerfectDetector {
    const ABOUT: About = About {
        name: "PerfectDetector",
        what: "who does not answer within a period has crashed",
        needs: Need::Reliable,
        messages: Messages::About("2*n*(n-1) a period"),
        source: "CGR 2.5",
        layers: &["ExcludeOnTimeout"],
    };
    const MARKS: &'static [Mark] = &[PROCESS_DETECTED];
    type Port = Detector<Accurate>;
    type Message = Heartbeat;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        PerfectDetector {
            period: args.time_above_zero(
                "period",
                Some(Span::from_secs(1)),
                "how long a node has to answer; it must be longer than any round trip",
            ),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Heartbeat, Perfect>> {
        ExcludeOnTimeout::every(self.period)
    }
}

/// `EventuallyPerfectDetector`: the same with a period that grows with every mistake.
#[derive(Clone, Copy, Debug)]
pub struct EventuallyPerfectDetector {
    period: Span,
    step: Span,
}

impl Recipe for EventuallyPerfectDetector {
    const ABOUT: About = About {
        name: "EventuallyPerfectDetector",
        what: "who does not answer is suspected, and given more time after a mistake",
        needs: Need::Reliable,
        messages: Messages::About("2*n*(n-1) a period"),
        source: "CGR 2.7",
        layers: &["IncreasingTimeout"],
    };
    const MARKS: &'static [Mark] = &[Mark {
        name: "timeout_increased",
        what: "a node had been wrong, and waits longer from now on",
    }];
    type Port = Detector<EventuallyAccurate>;
    type Message = Heartbeat;
    type Links = Perfect;

    fn read(args: &mut Fields<'_>) -> Self {
        let second = Some(Span::from_secs(1));
        EventuallyPerfectDetector {
            period: args.time_above_zero(
                "period",
                second,
                "how long a node has to answer at first",
            ),
            step: args.time(
                "step",
                second,
                "how much longer after each mistake; 0s: it learns nothing",
            ),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Heartbeat, Perfect>> {
        IncreasingTimeout::new(self.period, self.step)
    }
}

/// `HeartbeatDetector`: everybody sends heartbeats, and a timeout is agreed.
#[derive(Clone, Copy, Debug)]
pub struct HeartbeatDetector {
    every: Span,
    timeout: Span,
}

impl Recipe for HeartbeatDetector {
    const ABOUT: About = About {
        name: "HeartbeatDetector",
        what: "who sends no heartbeat for a fixed time is suspected",
        needs: Need::FairLoss,
        messages: Messages::About("n*(n-1) an interval"),
        source: "Chen et al. 2002",
        layers: &["Heartbeats"],
    };
    const MARKS: &'static [Mark] = &[SUSPICION_TAKEN_BACK];
    type Port = Detector<EventuallyAccurate>;
    type Message = Alive;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        HeartbeatDetector {
            every: heartbeat_every(args),
            timeout: args.time_above_zero(
                "timeout",
                Some(Span::from_secs(5)),
                "how long a node may be silent",
            ),
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Alive, FairLoss>> {
        Heartbeats::new(self.every, Fixed(self.timeout))
    }
}

/// `PhiAccrualDetector`: everybody sends heartbeats, and the timeout is learned from them.
#[derive(Clone, Copy, Debug)]
pub struct PhiAccrualDetector {
    every: Span,
    settings: AccrualSettings,
}

impl Recipe for PhiAccrualDetector {
    const ABOUT: About = About {
        name: "PhiAccrualDetector",
        what: "who is silent for improbably long is suspected",
        needs: Need::FairLoss,
        messages: Messages::About("n*(n-1) an interval"),
        source: "Hayashibara et al. 2004",
        layers: &["Heartbeats"],
    };
    const MARKS: &'static [Mark] = &[SUSPICION_TAKEN_BACK];
    type Port = Detector<EventuallyAccurate>;
    type Message = Alive;
    type Links = FairLoss;

    fn read(args: &mut Fields<'_>) -> Self {
        let models = [
            Choice {
                name: "Normal",
                value: Model::Normal,
            },
            Choice {
                name: "Exponential",
                value: Model::Exponential,
            },
        ];
        let every = heartbeat_every(args);
        let doc = "what the gaps between heartbeats are taken for";
        let model = args.choice("model", &models, Some(Model::Normal), doc);
        let doc = "suspect if a heartbeat that comes later is as improbable as 1 in 10^phi";
        let phi = small(args.integer("phi", 1..=u64::from(PHI_MAX), Some(8), doc));
        let doc = "from how many gaps it learns";
        let window = small(args.integer("window", 1..=u64::from(WINDOW_MAX), Some(1_000), doc));
        let doc = "how many gaps it must have seen to go by them";
        let samples = small(args.integer("samples", 1..=u64::from(WINDOW_MAX), Some(3), doc));
        let doc = "how long a node may be silent before that";
        let first = args.time_above_zero("first", Some(Span::from_secs(5)), doc);
        let doc = "a pause on top that is acceptable whatever it has learned: without, gaps of equal length leave no patience";
        let pause = args.time("pause", Some(Span::from_millis(1)), doc);
        PhiAccrualDetector {
            every,
            settings: AccrualSettings {
                model,
                phi,
                window,
                samples,
                first,
                pause,
            },
        }
    }

    fn layers(
        self,
        _: NodeId,
    ) -> impl Protocol<Offers = Self::Port, Needs = Link<Alive, FairLoss>> {
        Heartbeats::new(self.every, Accrual::new(self.settings))
    }
}

fn heartbeat_every(args: &mut Fields<'_>) -> Span {
    let doc = "how often a node sends a heartbeat";
    args.time_above_zero("every", Some(Span::from_secs(1)), doc)
}

/// What was read within a range that fits.
fn small(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
