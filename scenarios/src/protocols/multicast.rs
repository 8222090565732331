//! Multicasts of texts, as scenarios see them.

use protocols::multicast::property::{Latency, Promises, Spread, askable, checker};
use protocols::multicast::{Cast, Multicast};
use sim_core::kernel::overlay::Overlay;
use sim_core::kernel::property::{About, Property};
use sim_core::kernel::text::Text;
use sim_core::kernel::time::Span;

use crate::format::Fields;
use crate::recipe::Family;

impl<G: Promises> Family for Multicast<Text, G> {
    const OPERATIONS: &'static [&'static str] = &["Multicast"];

    fn read(operation: &mut Fields<'_>) -> Option<Cast<Text>> {
        if operation.name() != "Multicast" {
            return None;
        }
        operation.positional();
        let payload = operation.text("payload", None, "what everybody is to deliver");
        Some(Cast(Text::from(payload.as_str())))
    }

    fn again(Cast(payload): &Cast<Text>, n: u64) -> Cast<Text> {
        Cast(Text::from(
            format!("{} {}", payload.as_str(), n + 1).as_str(),
        ))
    }

    fn properties() -> Vec<About> {
        askable::<G>().collect()
    }

    fn checker(name: &str, overlay: &Overlay) -> Option<Box<dyn Property<Self>>> {
        checker(name, overlay.nodes())
    }

    const MEASURES: &'static [&'static str] = &[
        "delivery_ratio",
        "residue",
        "atomicity",
        "traffic",
        "rounds",
        "throughput",
        "delivery_latency",
    ];

    fn observers(
        asked: &[&str],
        overlay: &Overlay,
        period: Option<Span>,
    ) -> Vec<Box<dyn Property<Self>>> {
        let nodes = overlay.nodes();
        let asks = |measures: &[&str]| asked.iter().any(|name| measures.contains(name));
        let spread = asks(Spread::<Text>::MEASURES)
            .then(|| Box::new(Spread::new(nodes, period)) as Box<dyn Property<Self>>);
        let latency = asks(Latency::<Text>::MEASURES)
            .then(|| Box::new(Latency::new(nodes)) as Box<dyn Property<Self>>);
        spread.into_iter().chain(latency).collect()
    }
}
