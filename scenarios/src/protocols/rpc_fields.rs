//! The policies and server models of remote calls, as scenarios write them.

use protocols::rpc::{
    Backoff, Balance, BreakerTerms, BudgetTerms, Hedge, Jitter, Keys, Policy, Storage, Terms, Then,
};
use sim_core::kernel::random::Sampler;
use sim_core::kernel::time::Span;

use crate::format::{Choice, Fields};

/// A number of the scenario in thousandths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the field has a range above zero, and thousandths of it fit"
)]
fn permille(number: f64) -> u32 {
    (number * 1000.0 + 0.5) as u32
}

fn small(
    f: &mut Fields<'_>,
    name: &'static str,
    least: u64,
    default: u32,
    doc: &'static str,
) -> u32 {
    let value = f.integer(name, least..=1_000_000, Some(default.into()), doc);
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// What a caller does when no answer comes; what is not written is as in `like`.
pub(super) fn policy(f: &mut Fields<'_>, like: Option<&Policy>) -> Policy {
    let usual = Policy::retrying(Span::from_secs(1), 3);
    let like = like.unwrap_or(&usual);
    let doc = "how long a caller waits for an answer to one attempt, on its monotonic clock";
    let timeout = f.time_above_zero("timeout", Some(like.timeout), doc);
    let retries = small(f, "retries", 0, like.retries, "how often it tries again");
    let doc =
        "how long it waits before it does; without it, from 10ms to 1s, doubling, with full jitter";
    let backoff = f.optional_variant(
        "backoff",
        &["Exponential", "Constant", "Immediate"],
        doc,
        backoff,
    );
    let doc =
        "how long a whole call may take, with all its attempts; without it, as long as these take";
    let after = f.optional_time("deadline", doc);
    let doc =
        "what is left of the deadline goes along with the call; if not, every tier begins anew";
    let propagates = f.flag("propagate", like.propagates, doc);
    let doc = "how many retries and hedges there may be; without it, any number";
    let budget = f.optional_structure("budget", doc, budget);
    let doc =
        "when it stops asking a server that does not answer (circuit breaker); without it, never";
    let breaker = f.optional_structure("breaker", doc, breaker);
    let doc = "when it asks another server as well, and takes the first answer; without it, never";
    let hedge = f.optional_structure("hedge", doc, hedge);
    let doc = "how many calls may be under way at once, one more fails (bulkhead)";
    let in_flight = small(f, "in_flight", 1, like.in_flight.unwrap_or(10_000), doc);
    let balances = [
        Choice {
            name: "First",
            value: Balance::First,
        },
        Choice {
            name: "RoundRobin",
            value: Balance::RoundRobin,
        },
        Choice {
            name: "Random",
            value: Balance::Random,
        },
    ];
    let doc = "which server of the tier is asked, attempt by attempt";
    let balance = f.choice("balance", &balances, Some(like.balance), doc);
    Policy {
        timeout,
        deadline: after.or(like.deadline),
        propagates,
        retries,
        backoff: backoff.unwrap_or(like.backoff),
        budget: budget.or(like.budget),
        breaker: breaker.or(like.breaker),
        hedge: hedge.or(like.hedge),
        in_flight: Some(in_flight),
        balance,
    }
}

fn backoff(f: &mut Fields<'_>) -> Backoff {
    const BASE: &str = "the first wait";
    let ms = |ms| Some(Span::from_millis(ms));
    match f.name() {
        "Exponential" => Backoff {
            base: f.time_above_zero("base", ms(10), BASE),
            factor_permille: permille(f.number(
                "factor",
                1.0..=1000.0,
                Some(2.0),
                "how much longer each wait is than the one before",
            )),
            max: f.time_above_zero("max", ms(1_000), "no wait is longer"),
            jitter: jitter(f, Jitter::Full),
        },
        "Constant" => {
            let base = f.time_above_zero("wait", None, "every wait");
            let jitter = jitter(f, Jitter::None);
            Backoff {
                base,
                factor_permille: 1000,
                max: base,
                jitter,
            }
        }
        _ => Backoff {
            base: Span::ZERO,
            factor_permille: 1000,
            max: Span::ZERO,
            jitter: Jitter::None,
        },
    }
}

fn jitter(f: &mut Fields<'_>, default: Jitter) -> Jitter {
    let choices = [
        Choice {
            name: "Off",
            value: Jitter::None,
        },
        Choice {
            name: "Full",
            value: Jitter::Full,
        },
        Choice {
            name: "Equal",
            value: Jitter::Equal,
        },
        Choice {
            name: "Decorrelated",
            value: Jitter::Decorrelated,
        },
    ];
    let doc = "what is drawn from a wait v: v itself, 0 to v, v/2 to v, or the base to three times the wait before";
    f.choice("jitter", &choices, Some(default), doc)
}

fn budget(f: &mut Fields<'_>) -> BudgetTerms {
    let doc = "so many retries a call, on average";
    let permille = permille(f.number("ratio", 0.0..=1000.0, Some(0.1), doc));
    let doc = "so many more in a burst";
    let burst = small(f, "burst", 0, 10, doc);
    BudgetTerms { permille, burst }
}

fn breaker(f: &mut Fields<'_>) -> BreakerTerms {
    let second = Some(Span::from_secs(1));
    BreakerTerms {
        failures: small(f, "failures", 1, 5, "so many attempts that fail .."),
        within: f.time_above_zero("within", second, ".. within so long open it"),
        reset: f.time_above_zero("reset", second, "how long it stays open before a probe"),
        probes: small(
            f,
            "probes",
            1,
            1,
            "how many probes must succeed to close it",
        ),
    }
}

fn hedge(f: &mut Fields<'_>) -> Hedge {
    let doc = "after so long without an answer: about as long as 95 of 100 answers take";
    Hedge {
        after: f.time_above_zero("after", None, doc),
        cancels: f.flag("cancel", true, "the slower server is told to stop"),
    }
}

/// How servers tell calls that they have carried out from new ones.
pub(super) fn idempotency(f: &mut Fields<'_>) -> Option<Keys> {
    let doc = "how servers tell a call that they know from a new one: not at all, or by its key";
    let keys = f.variant("idempotency", &["Off", "Keys"], Some("Keys()"), doc, |f| {
        (f.name() == "Keys").then(|| keys(f))
    });
    keys.flatten()
}

fn keys(f: &mut Fields<'_>) -> Keys {
    let thens = [
        Choice {
            name: "Expire",
            value: Then::Expire,
        },
        Choice {
            name: "Forget",
            value: Then::Forget,
        },
    ];
    let doc = "how long a reply is kept, on the server's wall clock";
    let ttl = f.time_above_zero("ttl", Some(Span::from_secs(60)), doc);
    let most = small(
        f,
        "table",
        1,
        1024,
        "how many replies are kept for one client; while there is no room, its calls are refused",
    );
    let doc = "what becomes of a call whose reply is no longer kept: it is answered with Expired, or taken for a new one";
    let then = f.choice("then", &thens, Some(Then::Expire), doc);
    Keys { ttl, most, then }
}

/// What servers keep over a crash.
pub(super) fn storage(f: &mut Fields<'_>) -> Storage {
    let choices = [
        Choice {
            name: "Durable",
            value: Storage::Durable,
        },
        Choice {
            name: "VolatileTable",
            value: Storage::VolatileTable,
        },
        Choice {
            name: "Volatile",
            value: Storage::Volatile,
        },
    ];
    let doc = "what servers keep over a crash: state and table of calls in one write, the state alone, or nothing";
    f.choice("storage", &choices, Some(Storage::Durable), doc)
}

/// How a server works.
pub(super) fn server(f: &mut Fields<'_>) -> Terms {
    let doc = "how many calls are begun and not ended at once; without it, an event loop, which is never short of threads";
    let threads = f.optional_integer("threads", 1..=1_000_000, doc);
    let doc = "how many of them compute at once";
    let cores = small(f, "cores", 1, 1, doc);
    let doc = "how many calls may wait for a thread; of an event loop, how many it may have; one more is refused";
    let queue = small(f, "queue", 0, 1_000, doc);
    let doc = "how long a call computes; without it, no time";
    let cpu = law(f, "cpu", doc);
    let doc = "how long it then waits for a disk or the like, keeping its thread but no core; without it, no time";
    let io = law(f, "io", doc);
    Terms {
        threads: threads.map(|threads| u32::try_from(threads).unwrap_or(u32::MAX)),
        cores,
        queue,
        cpu,
        io,
    }
}

fn law(f: &mut Fields<'_>, name: &'static str, doc: &'static str) -> Option<Sampler> {
    // A law that cannot be is reported where it is read.
    f.optional_law(name, doc)?.sampler().ok()
}
